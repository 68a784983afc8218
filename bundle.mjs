// Joins what tsc compiled (dist) into few files (lib), which bin/tg.js runs: on Node 20 a hundred small modules cost 0.1 s a start.
// One run over all entries, so that pieces that several of them need exist once. Changes nothing else: tests import dist.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const dist = join(import.meta.dirname, 'dist');
const modules = readdirSync(join(dist, 'tasks'), { recursive: true })
  .filter((name) => name.endsWith('.js'))
  .map((name) => join(dist, 'tasks', name));

/** zod's messages in forty languages are half of it; tg words its own. */
const english = {
  name: 'english',
  setup: ({ onLoad }) =>
    onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, ({ path }) => ({
      contents: "export { default as en } from './en.js';",
      resolveDir: dirname(path),
    })),
};

rmSync(join(import.meta.dirname, 'lib'), { recursive: true, force: true });
await build({
  entryPoints: [
    ...[
      'cli/main',
      'execute/worker',
      'execute/resolve',
      'index',
      'h5/index',
      'figures/index',
      'version',
    ].map((name) => join(dist, 'src', `${name}.js`)),
    ...modules,
  ],
  outdir: join(import.meta.dirname, 'lib'),
  outbase: dist,
  chunkNames: 'pieces/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
  alias: {
    tg: join(dist, 'src/index.js'),
    'tg/h5': join(dist, 'src/h5/index.js'),
    'tg/figures': join(dist, 'src/figures/index.js'),
  },
  plugins: [english],
  // Large, native, or only for some: loaded when asked for.
  external: ['h5wasm', 'zeromq', 'tsx', '@resvg/resvg-js'],
  // Packages in the old form ask for node's own modules.
  banner: {
    js: "import { createRequire as bundledRequire } from 'node:module'; const require = bundledRequire(import.meta.url);",
  },
});
