import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

import { ERROR_CODES } from "../src/errors.js";
import { errorTexts, tipsOf } from "../src/texts.js";
import { LANGUAGES, Words, directionOf, giveLanguage, languageFor } from "../src/words.js";

const folder = new URL("../i18n/", import.meta.url);
const read = async (language) => JSON.parse(await readFile(new URL(`${language}.json`, folder), "utf8"));
const places = (text) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
const english = await read("en");

test("each language has one file, and each file is a language", async () => {
  const files = (await readdir(folder)).map((name) => name.replace(".json", ""));
  assert.deepEqual(files.sort(), [...LANGUAGES].sort());
});

for (const language of LANGUAGES) {
  test(`${language} has every text, with the same values in it`, async () => {
    const texts = await read(language);
    assert.deepEqual(Object.keys(texts), Object.keys(english));
    for (const [name, text] of Object.entries(texts)) {
      assert.notEqual(text.trim(), "", name);
      assert.deepEqual(places(text), places(english[name]), name);
    }
    const words = new Words(language, texts);
    for (const code of ERROR_CODES) {
      const { title, text } = errorTexts(words, { code, reason: "" });
      assert.notEqual(title, "", code);
      assert.notEqual(text, "", code);
    }
  });
}

test("no language repeats the English text of an instruction", async () => {
  for (const language of LANGUAGES.filter((name) => name !== "en")) {
    const texts = await read(language);
    for (const [name, text] of Object.entries(english)) {
      if (/^(challenge|detail|hint|tip|error)\./.test(name)) assert.notEqual(texts[name], text, `${language} ${name}`);
    }
  }
});

test("what the service may send has a text", () => {
  const words = new Words("en", english);
  for (const type of ["TURN_LEFT", "TURN_RIGHT", "LOOK_UP", "LOOK_DOWN", "BLINK", "SMILE", "OPEN_MOUTH"]) {
    assert.notEqual(words.text(`challenge.${type}`), "", type);
    assert.notEqual(words.text(`detail.${type}`), "", type);
  }
  const feedback =
    "no_face multiple_faces face_too_small face_out_of_frame too_dark too_bright blurred look_straight eyes_not_visible keep_going";
  for (const name of feedback.split(" ")) assert.notEqual(words.text(`hint.${name}`), "", name);
  const hints =
    "more_light less_light hold_still move_slower come_closer move_back keep_face_in_frame one_person_only remove_glare " +
    "turn_further_left turn_further_right look_further_up look_further_down blink_longer smile_wider open_mouth_wider " +
    "hold_upright look_straight turn_less_far follow_order open_eyes relax_face";
  assert.equal(tipsOf(words, hints.split(" ")).length, 22);
});

test("unknown hints are left out", () => {
  const words = new Words("en", english);
  assert.deepEqual(tipsOf(words, ["more_light", "of_tomorrow"]), ["Find more light."]);
  assert.deepEqual(tipsOf(words, undefined), []);
  assert.deepEqual(tipsOf(words, "more_light"), []);
});

test("an error has the text of its reason where there is one", () => {
  const words = new Words("en", english);
  const denied = errorTexts(words, { code: "camera_denied", reason: "" });
  const framed = errorTexts(words, { code: "camera_denied", reason: "iframe" });
  const inApp = errorTexts(words, { code: "unsupported", reason: "in_app" });
  assert.equal(denied.todo.length, 3);
  assert.equal(framed.title, denied.title);
  assert.notEqual(framed.text, denied.text);
  assert.match(inApp.todo[0], /Open in browser/);
  assert.equal(inApp.title, words.text("error.unsupported.title"));
});

test("a tag finds its language, and English otherwise", () => {
  const cases = { de: "de", "pt-BR": "pt", zh_TW: "zh", AR: "ar", sv: "en", "": "en" };
  for (const [tag, language] of Object.entries(cases)) assert.equal(languageFor(tag), language, tag);
  assert.equal(languageFor(undefined), "en");
  giveLanguage("sv", { "button.start": "Börja" });
  assert.equal(languageFor("sv-SE"), "sv");
});

test("Arabic runs from right to left", () => {
  assert.equal(directionOf("ar"), "rtl");
  assert.equal(directionOf("ar-EG"), "rtl");
  assert.equal(directionOf("hi"), "ltr");
});
