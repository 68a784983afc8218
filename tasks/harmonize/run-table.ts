/** The optional table of runs: which gas and beam each had, so that a range that mixes them is an error. Knows text, no files. */
import { TaskError } from 'tg';

export interface RunConditions {
  run: number;
  gas: string;
  beam: string;
}

/** CSV, or columns divided by blanks, with a head line that names `run`, `gas` and `beam`; other columns are passed over. @throws TaskError */
export function parseRunTable(text: string, path: string): RunConditions[] {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const comma = lines[0]?.includes(',') === true;
  const cells = (line: string): string[] =>
    line.split(comma ? /\s*,\s*/ : /\s+/).map((cell) => cell.replace(/^"(.*)"$/, '$1'));
  const head = cells(lines[0] ?? '').map((name) => name.toLowerCase());
  const at = ['run', 'gas', 'beam'].map((name) => head.indexOf(name));
  const lacking = ['run', 'gas', 'beam'].filter((_, k) => at[k]! < 0);
  if (lacking.length > 0)
    throw new TaskError(`run table ${path} has no column ${lacking.join(', ')}`, {
      at: { file: path },
      try: 'a first line run,gas,beam',
    });
  return lines.slice(1).map((line, i) => {
    const found = cells(line);
    const [run, gas, beam] = at.map((k) => found[k] ?? '') as [string, string, string];
    if (!/^-?\d+$/.test(run))
      throw new TaskError(`run table ${path}, row ${i + 1}: "${run}" is no run`, {
        at: { file: path },
        try: 'a run number in the column run',
      });
    return { run: Number(run), gas, beam };
  });
}

/** @throws TaskError when the runs were not all taken with one gas and one beam, or are not in the table */
export function checkMixture(table: readonly RunConditions[], runs: readonly number[]): void {
  const byRun = new Map(table.map((row) => [row.run, row]));
  const unknown = runs.filter((run) => !byRun.has(run));
  if (unknown.length > 0)
    throw new TaskError(`the run table does not tell gas and beam of run ${unknown.join(', ')}`, {
      code: 'mixed-conditions',
      try: 'add them, or leave run_table out',
    });
  const groups = new Map<string, number[]>();
  for (const run of runs) {
    const { gas, beam } = byRun.get(run)!;
    const key = `${gas} gas, ${beam} beam`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  if (groups.size < 2) return;
  const told = [...groups].map(([key, members]) => `run ${members.join(', ')}: ${key}`);
  throw new TaskError(`runs of different gas or beam in one range: ${told.join('; ')}`, {
    code: 'mixed-conditions',
    try: 'a range of runs for each of them',
  });
}
