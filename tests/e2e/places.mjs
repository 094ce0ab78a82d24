// Every page in every state that it has: what is looked at, tested for access, and photographed.
import { choose, verdict } from "./lib.mjs";

/** A batch of three files, of which one holds. */
export async function batchOfThree(page, node) {
  await page.goto(`${node.url}/#/batch`);
  await page.locator("#batch-files").setInputFiles([node.sample, node.tampered, node.auditor_key]);
  await page.getByText("3 of 3 checked. Done").waitFor();
}

const key = (name) => async (page, node) => {
  await page.goto(`${node.url}/#/event/${node.sealed[0]}`);
  await verdict(page);
  await page.locator("#key-file").setInputFiles(node[name]);
  await page.locator("[data-opened]").waitFor();
};

export const PLACES = {
  home: async () => {},
  verified: async (page, node) => {
    await choose(page, node.sample);
    await verdict(page);
  },
  tampered: async (page, node) => {
    await choose(page, node.tampered);
    await verdict(page);
  },
  "other-anchor": async (page, node) => {
    await page.goto(`${node.url}/#anchor=genesis:${"5a".repeat(32)}`);
    await choose(page, node.sample);
    await verdict(page);
  },
  results: async (page, node) => {
    await choose(page, node.sample, node.tampered, node.auditor_key);
    await page.locator(".items [data-state='Not valid']").first().waitFor();
  },
  sample: async (page, node) => {
    await page.goto(`${node.url}/#/sample`);
    await verdict(page);
  },
  forged: async (page, node) => {
    await page.goto(`${node.url}/#/sample/forged`);
    await verdict(page);
  },
  log: async (page, node) => {
    await page.goto(`${node.url}/#/log`);
    await page.waitForFunction(() => document.querySelectorAll("tbody [data-state='Verified']").length === 25);
  },
  block: async (page, node) => {
    await page.goto(`${node.url}/#/block/1`);
    await verdict(page);
  },
  compare: async (page, node) => {
    await page.goto(`${node.url}/#/compare/0/1`);
    await verdict(page);
  },
  "could-not": async (page, node) => {
    await page.goto(`${node.url}/#/block/999999`);
    await verdict(page);
  },
  event: async (page, node) => {
    await page.goto(`${node.url}/#/event/${node.sealed[0]}`);
    await verdict(page);
  },
  opened: key("auditor_key"),
  refused: key("stranger_key"),
  trust: async (page, node) => {
    await page.goto(`${node.url}/#/trust`);
    await page.locator("#validators tbody tr").first().waitFor();
  },
  "batch-start": async (page, node) => {
    await page.goto(`${node.url}/#/batch`);
    await page.getByRole("button", { name: "Choose receipts" }).waitFor();
  },
  batch: batchOfThree,
  report: async (page, node) => {
    await batchOfThree(page, node);
    await page.getByRole("link", { name: "Make a report" }).click();
    await page.getByText("SHA-256").waitFor();
  },
  "report-empty": async (page, node) => {
    await page.goto(`${node.url}/#/report`);
    await page.getByText("Nothing was checked yet").waitFor();
  },
  operator: async (page, node) => {
    await page.goto(`${node.url}/#/operator`);
    await page.getByText("Takes events").waitFor();
    await page.waitForTimeout(2_500);
  },
  about: async (page, node) => {
    await page.goto(`${node.url}/#/about`);
    await page.getByText("SHA-256").first().waitFor();
  },
  unknown: async (page, node) => {
    await page.goto(`${node.url}/#/nowhere`);
    await page.getByRole("heading", { name: "There is no such page" }).waitFor();
  },
};
