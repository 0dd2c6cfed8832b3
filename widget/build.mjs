// Bundle the widget into the one file that the server sends: node build.mjs [OUTFILE]
import { build, transform } from "esbuild";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? resolve(here, "../bot/channels/web/static/widget.js");

/** `import css from "./style.css"` gives minified text, for a constructable stylesheet. */
const cssText = {
  name: "css-text",
  setup(builder) {
    builder.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), {
        loader: "css",
        minify: true,
        target: ["chrome92", "firefox101", "safari16.4"],
      });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

await build({
  entryPoints: [resolve(here, "src/main.ts")],
  outfile: out,
  bundle: true,
  minify: true,
  format: "iife",
  // Constructable stylesheets set the floor.
  target: ["chrome92", "firefox101", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  banner: { js: "/* Shopbell widget, Apache-2.0. Built from widget/src; do not edit. */" },
  plugins: [cssText],
  logLevel: "warning",
});
