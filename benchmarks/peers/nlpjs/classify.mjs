// Trains NLP.js and asks it: node classify.mjs IN.json OUT.json (see benchmarks/peers/outcome.py).
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dockStart } from "@nlpjs/basic";

const [input, output] = process.argv.slice(2);
const { train, test } = JSON.parse(readFileSync(input, "utf8"));
const settings = { nlp: { languages: ["en"], autoSave: false, autoLoad: false, nlu: { log: false } } };
const nlp = (await dockStart({ use: ["Basic"], settings })).get("nlp");
for (const { text, label } of train) nlp.addDocument("en", text, label);

const seconds = () => performance.now() / 1000;
const began = seconds();
await nlp.train();
const trained = seconds();
const labels = [];
// The likeliest class even where the answer would be "None": nothing here is out of scope.
for (const text of test) labels.push((await nlp.process("en", text)).classifications[0].intent);
const ended = seconds();

const { version } = createRequire(import.meta.url)("@nlpjs/basic/package.json");
writeFileSync(output, JSON.stringify({
  labels,
  train_seconds: trained - began,
  test_seconds: ended - trained,
  notes: { version },
}));
