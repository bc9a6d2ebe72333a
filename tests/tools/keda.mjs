// Holds the objects of KEDA among those on standard input, a JSON array, against KEDA's own schemas.
import { text } from "node:stream/consumers";

const models = await import(`${process.argv[2]}/@kubernetes-models/keda/keda.sh/v1alpha1/index.js`);

const ours = JSON.parse(await text(process.stdin)).filter((o) => o.apiVersion.startsWith("keda.sh/"));
for (const object of ours) {
    new models[object.kind](object).validate();
}
console.log(ours.length);
