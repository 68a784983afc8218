/** Every charge fixture in both forms, walked to the last object and attribute: what is otherwise stands here, with its reason, and nothing else is. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fixture, folder, run, withoutFixtures } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';
import { caseOf, paramsOf } from '../tasks/charge/cases.ts';
import { place, WHOLE_CASES } from './charge-project.ts';
import { KNOWN, type Form } from './known-differences.ts';
import { compareFiles, unexplained, unseen } from './whole-file.ts';

const CASES = [...WHOLE_CASES, 'edge_nodata', 'edge_empty'];
const FILES = { region: 'regref.h5', pairs: 'pairs.h5' } as const;

const theirs = (name: string, refs: Form): string => fixture(name, FILES[refs]);

const hasLight = (path: string): boolean =>
  runPython(`print('light' in h5py.File(sys.argv[1], 'r'))`, path) === 'True\n';

/** The cases with upstream's numbers and, where their file holds any, its light events. */
function wholeProject(refs: Form): string {
  const cases = CASES.filter((name) => existsSync(theirs(name, refs)));
  const overrides = cases.map((name) => ({
    runs: name,
    parameters: paramsOf(caseOf(name), 'upstream'),
  }));
  const root = folder({
    'tg.yaml': JSON.stringify({
      libraries: ['tg:charge', 'tg:association'],
      sources: { packets: 'raw/{run}.h5', 'light/events': 'light/{run}.h5::/light/events' },
      parameters: {
        'charge/light_assoc': { compat: 'upstream', chunk_size: refs === 'pairs' ? 128 : 256 },
      },
      link: { refs },
      overrides,
    }),
  });
  for (const name of cases) {
    place(fixture(name, 'packets.h5'), join(root, 'raw', `${name}.h5`));
    const upstream = theirs(name, refs);
    if (hasLight(upstream)) place(upstream, join(root, 'light', `${name}.h5`));
  }
  return root;
}

describe('whole flow files', { skip: withoutFixtures || withoutH5py() }, () => {
  const roots = { region: wholeProject('region'), pairs: wholeProject('pairs') };
  before(async () => {
    for (const [refs, root] of Object.entries(roots)) {
      const targets = ['charge/events', 'charge/light_assoc'];
      if (refs === 'pairs') targets.push('combined/hit_drift');
      const said = await run(['build', ...targets, '--keep-going', '-q'], { cwd: root });
      assert.equal(said.code, 0, said.stderr);
    }
  });

  for (const refs of ['region', 'pairs'] as const)
    test(`${refs}: what is otherwise than upstream's is known, each with its reason`, () => {
      const files = CASES.filter((name) => existsSync(theirs(name, refs))).map((name) => ({
        case: name,
        ours: join(roots[refs], 'build', `${name}.h5`),
        theirs: theirs(name, refs),
        // Upstream's pairs version loses all after the first batch without an event.
        cut: refs === 'pairs' && name === 'quiet_gap_b300',
      }));
      const { differences, compared } = compareFiles(files);
      assert.deepEqual(unexplained(differences, KNOWN[refs]), []);
      assert.deepEqual(unseen(differences, KNOWN[refs]), []);
      assert.ok(compared > 200_000, `${compared} rows and pairs`);
    });
});
