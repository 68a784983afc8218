import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const source = new URL('../../../src/procedures/', import.meta.url);

test('reading procedures costs no more than the YAML parser: neither zod nor h5wasm is imported', () => {
  const names = readdirSync(source).filter((name) => name.endsWith('.ts'));
  assert.ok(names.length > 10);
  for (const name of names) {
    const text = readFileSync(new URL(name, source), 'utf8');
    for (const [, from] of text.matchAll(/^(?:import|export) [^;]*from '([^']+)'/gms)) {
      assert.match(
        from!,
        /^(?:\.\/[\w-]+\.ts|\.\.\/core\/[\w-]+\.ts|node:fs|node:path|yaml)$/,
        `${name} imports ${from!}`,
      );
    }
    assert.doesNotMatch(text, /\bimport\(/, name);
  }
});
