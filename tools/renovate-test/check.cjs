// Puts every pair of tags of integrations/renovate/pairs.tsv to Renovate, with the preset and without
// it. Run by the script beside this file, with the folder that Renovate is installed in.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const renovate = path.join(process.argv[2], "node_modules/renovate/dist");
const { applyPackageRules } = require(path.join(renovate, "util/package-rules"));
const versionings = require(path.join(renovate, "modules/versioning"));

const folder = path.join(__dirname, "../../integrations/renovate");
const preset = JSON.parse(fs.readFileSync(path.join(folder, "winfit.json"), "utf8"));

// What Renovate calls the step from one tag to the other; "none" where it would not propose it.
async function update(packageRules, image, old, next) {
  const config = await applyPackageRules({
    datasource: "docker",
    versioning: "docker",
    packageName: image,
    depName: image,
    currentValue: old,
    packageRules,
  });
  const versioning = versionings.get(config.versioning);
  const fits =
    versioning.isVersion(old) &&
    versioning.isVersion(next) &&
    versioning.isCompatible(next, old) &&
    versioning.isGreaterThan(next, old);
  if (!fits) return "none";
  if (versioning.getMajor(next) > versioning.getMajor(old)) return "major";
  if (versioning.getMinor(next) > versioning.getMinor(old)) return "minor";
  return "patch";
}

async function main() {
  const text = fs.readFileSync(path.join(folder, "pairs.tsv"), "utf8");
  let wrong = 0;
  let kept = 0;
  for (const line of text.trim().split("\n").slice(1)) {
    const [image, old, next, expected] = line.split("\t");
    const found = await update(preset.packageRules, image, old, next);
    const before = await update([], image, old, next);
    if (before !== "none" && found === "none") kept += 1;
    if (found !== expected) {
      wrong += 1;
      console.log(`${image} ${old} -> ${next}: expected ${expected}, found ${found}`);
    }
  }
  console.log(`${wrong} wrong; ${kept} that Renovate would propose without the preset`);
  process.exitCode = wrong === 0 ? 0 : 1;
}

main();
