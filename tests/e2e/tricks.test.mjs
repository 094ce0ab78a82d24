// What others try with true parts: a link in another tab, lists that repeat or answer with other events,
// evidence of a fork that somebody bent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeLog, startIn, submit, twinOf } from "./handovers.mjs";
import { choose, green, openPage, openPinned, startBrowser, startNode, verdict, withAnchor } from "./lib.mjs";
import { startLiar } from "./liar.mjs";

const OTHER = `genesis:${"5a".repeat(32)}`;
let node;
let liar;
let browser;

before(async () => {
  [node, browser] = await Promise.all([startNode(), startBrowser()]);
  liar = await startLiar(node);
});
after(async () => {
  await browser?.close();
  await liar?.stop();
  await node?.stop();
});

const chip = (page, text) => page.locator(".pin-chip", { hasText: text });

async function pinByHand(page, anchor) {
  await page.goto(`${node.url}/#/trust`);
  await page.getByLabel("Anchor", { exact: true }).fill(anchor);
  await page.getByRole("button", { name: "Pin this anchor" }).click();
  await chip(page, "pinned by you").waitFor();
}

const kept = (page) => page.evaluate(() => localStorage.getItem("cairn-anchor"));

test("a link opened in another tab takes no pin away", async () => {
  const { page, context } = await openPage(browser);
  // A tab from before the pin, which knows of the link's anchor alone.
  const early = await context.newPage();
  await early.goto(withAnchor(node.url, OTHER));
  await chip(early, "pinned from the link").waitFor();
  await pinByHand(page, node.anchor);

  const late = await context.newPage();
  await late.goto(withAnchor(node.url, OTHER));
  await late.getByText("Yours stays").waitFor();
  assert.equal(await kept(late), node.anchor);
  // The tab from before follows one more link: the pin was made meanwhile, and stands.
  await early.evaluate((anchor) => (location.hash = `#anchor=${anchor}`), `genesis:${"6b".repeat(32)}`);
  await early.getByText("Yours stays").waitFor();
  assert.equal(await kept(early), node.anchor);

  for (const tab of [page, late, early]) {
    await tab.reload();
    await chip(tab, "pinned by you").waitFor();
    await tab.goto(`${node.url}/#/`);
    await choose(tab, node.sample);
    assert.equal(await verdict(tab), "Verified");
  }
  await context.close();
});

const isList = (path) => /^\/v1\/events\?/.test(path);
/** A lie about lists: `change` gets what is listed. */
const listed = (change) => async (path, answer) => {
  if (!isList(path)) return answer;
  // A cursor that this liar made up is none of the node's.
  const list = answer.status === 200 ? JSON.parse(answer.body) : { events: [], next: null };
  return { ...answer, status: 200, body: Buffer.from(JSON.stringify({ ...list, ...(await change(list, path)) })) };
};

async function batch(type, lie) {
  liar.lie = lie;
  const { page, context } = await openPage(browser);
  await page.goto(withAnchor(liar.url, node.anchor));
  await page.locator("h1").waitFor();
  await page.goto(`${liar.url}/#/batch`);
  await page.getByLabel("Type").fill(type);
  await page.getByLabel("At most").fill("40");
  await page.getByRole("button", { name: "Check them" }).click();
  await page.getByText(/checked\. Done/).waitFor();
  const count = async (state) => Number(await page.getByRole("button", { name: state }).locator(".count").innerText());
  const [all, verified, failed] = [await count(/^All/), await count(/^Verified/), await count(/^Not valid/)];
  const text = await page.locator("tbody").innerText();
  const links = await page.locator("tbody a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  await context.close();
  return { all, verified, failed, text, unique: new Set(links).size, rows: links.length };
}

test("a batch of a search counts no event twice, however often the node lists it", async () => {
  const { events } = await (await fetch(`${node.url}/v1/events?limit=7&type=dev.git.commit.created`)).json();
  // Each page the same seven, each of them three times, and always another page to come.
  const said = await batch("dev.git.commit.created", listed(() => ({ events: [...events, ...events, ...events], next: "more" })));
  assert.deepEqual([said.all, said.verified, said.rows, said.unique], [7, 7, 7, 7]);
});

test("a batch of a search verifies no event that was not asked for", async () => {
  // True events, with true proofs, of another type.
  const { events } = await (await fetch(`${node.url}/v1/events?limit=5&type=dev.git.commit.created`)).json();
  const said = await batch("hr.salary.changed", listed(({ events: asked }) => ({ events: [...events, ...asked], next: null })));
  assert.deepEqual([said.verified, said.failed, said.all], [1, 5, 6]);
  assert.match(said.text, /client-not-asked/);
});

test("news shows no event twice, and none from before, whatever the node lists", async () => {
  liar.lie = (_path, answer) => answer;
  const { page, context } = await openPage(browser);
  await page.goto(liar.url);
  await page.evaluate(async ({ url, anchor }) => {
    const { LightClient } = await import("/pkg/index.js");
    const client = await LightClient.connect({ node: url, anchor });
    const head = await client.sync();
    globalThis.size = head.header.size;
    globalThis.seen = [];
    globalThis.over = (async () => {
      for await (const { events } of client.watch({ events: {}, after: head.header })) {
        globalThis.seen.push(...events.map(({ id, index }) => [id, index]));
      }
    })().catch(({ name, code }) => code ?? name);
  }, { url: liar.url, anchor: node.anchor });
  const size = await page.evaluate(() => globalThis.size);
  const old = (await (await fetch(`${node.url}/v1/events?limit=3&order=oldest`)).json()).events;
  const pages = new Set();
  liar.lie = listed((list, path) => {
    if (!path.includes("from-")) return {};
    // Old ones before the new; and the first page again as the second.
    const again = !pages.has(path) && list.events.length > 0;
    pages.add(path);
    const cursor = new URL(path, "http://host").searchParams.get("cursor");
    return { events: [...old, ...list.events], next: again ? cursor : null };
  });
  const ids = [];
  for (const name of ["one", "two", "three"]) ids.push(await submit(node, `news.${name}`));
  await page.waitForFunction((id) => globalThis.seen.some(([seen]) => seen === id), ids.at(-1));
  ids.push(await submit(node, "news.last"));
  await page.waitForFunction((id) => globalThis.seen.some(([seen]) => seen === id), ids.at(-1));
  const seen = await page.evaluate(() => globalThis.seen);
  assert.ok(pages.size > 0, "the lie was told");
  assert.deepEqual(seen.map(([id]) => id), ids);
  assert.deepEqual(seen.map(([, index]) => index), ids.map((_, place) => size + place));

  // One event twice in one page is no answer at all: news ends with an error, and nothing came twice.
  liar.lie = listed((list) => ({ events: list.events.flatMap((event) => [event, event]) }));
  await submit(node, "news.twice");
  assert.match(await page.evaluate(() => globalThis.over), /^client-/);
  assert.deepEqual(await page.evaluate(() => globalThis.seen), seen);
  await context.close();
});

/** Reads or replaces what the browser keeps under a name. */
const stored = (page, name, bend) =>
  page.evaluate(
    ([name, bend]) =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open("cairn-light-client", 1);
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const transaction = opening.result.transaction("evidence", "readwrite");
          const store = transaction.objectStore("evidence");
          const asked = store.get(name);
          asked.onsuccess = () => {
            const bytes = asked.result;
            if (bytes && bend !== null) {
              bytes[bend < 0 ? bytes.length + bend : bend] ^= 1;
              store.put(bytes, name);
            }
            transaction.oncomplete = () => {
              opening.result.close();
              resolve(bytes ? bytes.length : null);
            };
          };
        };
      }),
    [name, bend ?? null],
  );

test("evidence of a fork stays an alarm after a reload, and is none once it is bent", async () => {
  const dir = await makeLog();
  const twin = twinOf(dir);
  const [ours, theirs] = [await startIn(dir), await startIn(twin)];
  try {
    const first = await submit(ours);
    for (let at = 0; at < 3; at += 1) await submit(theirs, `theirs.${at}`);
    const forked = await startLiar(ours);
    const { page, context } = await openPinned(browser, { url: forked.url, anchor: ours.anchor });
    await page.goto(`${forked.url}/#/event/${first}`);
    assert.equal(await verdict(page), "Verified");
    forked.node = theirs;
    await page.goto(`${forked.url}/#/log`);
    await page.getByRole("button", { name: "Sync now" }).click();
    const alarm = page.getByRole("heading", { name: "Two histories of one log" });
    await alarm.waitFor();
    const name = `fork ${ours.anchor}`;
    assert.ok((await stored(page, name)) > 500, "the evidence is kept");

    // The true one: an alarm at once, though the node shows the first history alone again.
    forked.node = ours;
    await page.goto(`${forked.url}/#/trust`);
    await page.reload();
    await alarm.waitFor();
    assert.equal(await green(page), 0);

    // A bent one: no alarm, nothing thrown away, and the page says what it did not take up.
    await stored(page, name, -40);
    await page.reload();
    await page.getByText("was not taken up").waitFor();
    await page.getByText("Newest header verified from it").waitFor();
    assert.equal(await alarm.count(), 0);
    assert.ok((await stored(page, `refused ${ours.anchor}`)) > 500, "it is set aside");
    await page.goto(`${forked.url}/#/event/${first}`);
    assert.equal(await verdict(page), "Verified");
    await context.close();
    await forked.stop();
  } finally {
    await Promise.all([ours.stop(), theirs.stop()]);
  }
});
