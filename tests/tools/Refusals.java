// Refused requests and valid ones in turn, by Java's clients that keep connections open: HttpURLConnection
// and HttpClient, whose first request offers to go over to HTTP/2.

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

public class Refusals {
  record Call(String name, String method, String path, int status, byte[] body, List<String[]> headers) {
    static Call parse(String line) {
      String[] fields = line.split("\t");
      int size = Integer.parseInt(fields[4]);
      String body = size == 2 ? "{}" : "x".repeat(size);
      List<String[]> headers = new ArrayList<>();
      for (int i = 5; i < fields.length; i++) headers.add(fields[i].split(": ", 2));
      return new Call(
          fields[0], fields[1], fields[2], Integer.parseInt(fields[3]), body.getBytes(), headers);
    }
  }

  interface Client {
    int send(Call call) throws Exception;
  }

  static final String BASE = System.getenv("BASE");
  static final int TIMES = Integer.parseInt(System.getenv("TIMES"));
  static final HttpClient HTTP = HttpClient.newHttpClient();
  static final Set<String> failures = Collections.synchronizedSet(new LinkedHashSet<>());

  static int connection(Call call) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(BASE + call.path()).toURL().openConnection();
    connection.setRequestMethod(call.method());
    for (String[] header : call.headers()) connection.setRequestProperty(header[0], header[1]);
    connection.setDoOutput(true);
    connection.getOutputStream().write(call.body());
    int status = connection.getResponseCode();
    // Only an answer that was read gives its connection back.
    try (var body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      if (body != null) body.readAllBytes();
    }
    return status;
  }

  static HttpRequest request(Call call) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(BASE + call.path()));
    for (String[] header : call.headers()) request.header(header[0], header[1]);
    return request.method(call.method(), HttpRequest.BodyPublishers.ofByteArray(call.body())).build();
  }

  static void expect(String client, Client sent, Call call, String after) {
    Object answered;
    try {
      answered = sent.send(call);
    } catch (Exception error) {
      answered = error;
    }
    if (!answered.equals(call.status()))
      failures.add(client + ": " + call.name() + " after " + after + ": " + answered);
  }

  static void all(Call call, String after) {
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int i = 0; i < TIMES; i++) {
      sent.add(
          HTTP.sendAsync(request(call), HttpResponse.BodyHandlers.discarding())
              .<Object>thenApply(HttpResponse::statusCode)
              .exceptionally(error -> error)
              .thenAccept(
                  answered -> {
                    if (!answered.equals(call.status()))
                      failures.add("HttpClient: " + call.name() + " after " + after + ": " + answered);
                  }));
    }
    sent.forEach(CompletableFuture::join);
  }

  public static void main(String[] arguments) throws Exception {
    // Else it hides a connection that was closed without a word, by sending the request again.
    System.setProperty("sun.net.http.retryPost", "false");
    List<Call> calls =
        Files.readAllLines(Path.of(System.getenv("CALLS"))).stream().map(Call::parse).toList();
    Call valid = calls.get(0);
    Client client =
        call -> HTTP.send(request(call), HttpResponse.BodyHandlers.discarding()).statusCode();
    for (Call refusal : calls.subList(1, calls.size())) {
      for (int i = 0; i < TIMES; i++) {
        expect("HttpURLConnection", Refusals::connection, refusal, "a valid one");
        expect("HttpURLConnection", Refusals::connection, valid, refusal.name());
        expect("HttpClient", client, refusal, "a valid one");
        expect("HttpClient", client, valid, refusal.name());
      }
      all(refusal, "others");
      all(valid, "all " + refusal.name());
    }
    System.out.println(failures.isEmpty() ? "done" : String.join("\n", failures));
    System.exit(0);
  }
}
