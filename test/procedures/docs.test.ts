import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadProject } from '../../src/procedures/load.ts';
import { layersOf, resolveParameters } from '../../src/procedures/parameters.ts';
import { PROCEDURE_KEYS } from '../../src/procedures/procedure.ts';
import { PROJECT_KEYS } from '../../src/procedures/settings.ts';
import { shipped } from '../../src/cli/shipped.ts';
import { folder } from './folder.ts';

const page = readFileSync(new URL('../../../docs/procedures.md', import.meta.url), 'utf8');

/** Blocks that name their file in the first line. */
function blocks(): { [path: string]: string } {
  const found = [...page.matchAll(/^```(?:yaml|js)\n((?:#|\/\/) (\S+)\n[^]*?)^```$/gm)];
  return Object.fromEntries(found.map(([, text, path]) => [path!, text!]));
}

/** The first column of the table below a heading. */
function documented(heading: string): string[] {
  const section = page.split(/^##+ /m).find((part) => part.startsWith(heading))!;
  const cells = [...section.matchAll(/^\| (`[^|]*`) \|/gm)].map(([, cell]) => cell!);
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, key]) => key!));
}

const at = folder({ ...blocks(), 'procedures/qsum.py': '', 'procedures/summary.mjs': '' });

test('the blocks of docs/procedures.md are a project without mistakes', () => {
  assert.deepEqual(Object.keys(blocks()).sort(), [
    'procedures/count-hits.mjs',
    'procedures/field.yaml',
    'procedures/mine.yaml',
    'procedures/scan.yaml',
    'tg.yaml',
  ]);
  const { project, diagnostics } = loadProject(join(at.root, 'tg.yaml'), shipped, { cwd: at.root });
  assert.equal(at.text(diagnostics), '');
  const names = project!.procedures.map(({ name }) => name);
  for (const name of ['charge/hits', 'my/nhits', 'my/qsum', 'my/summary', 'my/threshold'])
    assert.ok(names.includes(name), name);
  const scan = project!.procedures.find(({ name }) => name === 'my/threshold')!.scan;
  assert.deepEqual(
    scan.map(({ name, values }) => [name, values]),
    [
      ['threshold', [4, 6, 8, 10]],
      ['mode', ['fast', 'exact']],
    ],
  );
});

test('every key is described, and none that there is not', () => {
  assert.deepEqual(documented('tg.yaml').sort(), [...PROJECT_KEYS].sort());
  assert.deepEqual(['name', ...documented('Procedures')].sort(), [...PROCEDURE_KEYS].sort());
});

test('the mistake it shows is told like that', async () => {
  const { z } = await import('zod');
  const shown = /^```text\n([^]*?)^```$/m.exec(page)![1]!;
  const wrong = folder({
    'tg.yaml': 'libraries: [procedures/mine.yaml]\n',
    'procedures/mine.yaml':
      '- name: my/nhits\n  type: command\n  command: [x]\n  inputs: [a]\n  parameters: {threshold: 8 mV}\n',
  });
  const project = wrong.load().project!;
  const params = z.strictObject({ threshold: z.number().describe('mV').default(5) });
  const procedure = project.procedures[0]!;
  const { diagnostics } = resolveParameters(
    'my/nhits',
    params,
    layersOf(project, procedure, undefined),
  );
  assert.equal(wrong.text(diagnostics), shown);
});
