// What keeps a page: the tasks of its main thread while something is done, by the browser's own trace.
//
// A task is judged by the processor time it takes. Its time on the clock is told too, but on a machine
// that runs more than it has cores for, any task may wait as long as the scheduler likes.

/** The longest that a task may keep a page, in milliseconds: what browsers call a long task. */
export const LONGEST = 50;

/**
 * Does `act` and gives the tasks of the page's main thread meanwhile, each with `cpu` and `wall` in
 * milliseconds, and `own`: its processor time from an event of type `event` on, if it has one, without the
 * browser's work before it, which no page can change; otherwise all of it. From the first to the last.
 */
export async function tasksOf(page, act, event) {
  const devtools = await page.context().newCDPSession(page);
  const events = [];
  devtools.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  const over = new Promise((done) => devtools.once("Tracing.tracingComplete", done));
  const includedCategories = ["toplevel", "devtools.timeline", "blink.user_timing"];
  await devtools.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories } });
  let given;
  try {
    await page.evaluate(() => performance.mark("cairn-tasks"));
    given = await act();
  } finally {
    await devtools.send("Tracing.end");
    await over;
    await devtools.detach();
  }
  const mark = events.find(({ name }) => name === "cairn-tasks");
  const ofPage = events.filter(({ pid, tid, ph, ts }) => pid === mark.pid && tid === mark.tid && ph === "X" && ts > mark.ts);
  const ms = (micros = 0) => Math.round(micros / 100) / 10;
  const tasks = new Map();
  for (const { name, ts, dur, tts, tdur } of ofPage) {
    if (!/RunTask$/.test(name)) continue;
    // Where the browser tells no processor time, the clock has to do, which is never less.
    const [cpu, begin] = [tdur ?? dur, tts ?? 0];
    tasks.set(ts, { from: ts, to: ts + dur, end: begin + cpu, wall: ms(dur), cpu: ms(cpu), own: ms(cpu) });
  }
  const list = [...tasks.values()].toSorted((a, b) => a.from - b.from);
  if (list.length === 0) throw new Error("the trace has no task of the page");
  for (const { name, ts, tts, args } of ofPage) {
    if (event === undefined || name !== "EventDispatch" || args.data?.type !== event) continue;
    const around = list.filter(({ from, to }) => from <= ts && ts < to);
    for (const task of around) Object.assign(task, { own: ms(task.end - tts), event });
  }
  return { given, tasks: list };
}

/** The longest of them by one of their times. */
export const longest = (tasks, by) => tasks.reduce((most, task) => Math.max(most, task[by]), 0);

/** A sentence of figures. */
export const told = (tasks) =>
  `${tasks.length} tasks, the longest ${longest(tasks, "own")} ms of the processor (with the browser's own work ${longest(tasks, "cpu")}), ${longest(tasks, "wall")} ms on the clock`;

/** Drops files or folders of this machine on a page, as a person does. */
export async function dropFiles(page, paths) {
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await devtools.send("Input.dispatchDragEvent", { type, x: 400, y: 300, data });
  }
  await devtools.detach();
}
