// The same from CommonJS, where Node.js can `require` a module: from 22.12 and 20.19 on.
const light = require("cairn-light-client");
const alone = require("cairn-light-client/verifier");

import("./verdicts.js")
  .then(({ verdicts }) => verdicts(light, alone, JSON.parse(process.argv.at(-1))))
  .then((said) => console.log(JSON.stringify(said)));
