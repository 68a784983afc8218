/** Figures as SVG and PNG: the text of a tiny one, the pixels of its picture, and what must hold of any. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { toPng, toSvg, toText } from '../../src/figures/index.ts';
import type { Figure, Panel } from '../../src/figures/index.ts';
import { dataUrl, palettePng } from '../../src/figures/palette-image.ts';
import { darkIn, decodePng } from './decode-png.ts';
import { golden, tiny } from './tiny.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

const of = (...panels: Panel[]): Figure => ({ title: 'one', panels });

/** Every place of a path or text: none may be NaN or Infinity. */
const sound = (svg: string): void =>
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/, svg.slice(0, 2000));

describe('SVG', () => {
  test('the tiny figure is drawn as it was when somebody looked at it', () => {
    assert.equal(toSvg(tiny), readFileSync(golden, 'utf8'));
  });

  test('it is complete in itself: no address but that of SVG, no font but families', () => {
    const svg = toSvg(tiny);
    assert.deepEqual(svg.match(/https?:[^"]*/g), ['http://www.w3.org/2000/svg']);
    assert.doesNotMatch(svg, /@import|@font-face|<script|<style/);
  });

  test('names, titles and cells are text, whatever they hold', () => {
    const svg = toSvg(
      of({ kind: 'table', name: '"><x>', title: '</svg>&\u0000', head: ['<'], rowsOf: [['>']] }),
    );
    assert.match(svg, /<g id="&quot;&gt;&lt;x&gt;"/);
    assert.match(svg, />&lt;\/svg&gt;&amp;</);
    assert.equal(svg.match(/<\/svg>/g)?.length, 1);
  });

  test('any contents and ranges give places that are numbers, and lines that fit a terminal', () => {
    const content = fc.oneof(
      fc.nat(5),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.double({ min: -1e300, max: 1e300 }),
      fc.double({ min: -1e-300, max: 1e-300 }),
      fc.constant(Infinity),
    );
    const contents = fc.array(content, { minLength: 1, maxLength: 30 });
    const scales = fc.constantFrom('linear', 'log');
    const start = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    const step = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(contents, scales, start, step, (counts, scale, from, width) => {
        const bins = { start: from, step: width, n: counts.length };
        const named = { name: 'p', title: 'p', x: { label: 'x', unit: 'mm' } };
        const y = { label: 'y', unit: 'mm' };
        const x = counts.map((_, i) => from + i * width);
        const panels: Panel[] = [
          {
            ...named,
            kind: 'plot',
            y: { ...y, scale },
            layers: [{ kind: 'histogram', bins, counts }],
          },
          { ...named, kind: 'plot', y, layers: [{ kind: 'line', x, y: counts, marks: true }] },
          {
            ...named,
            kind: 'map',
            y,
            z: { label: 'n', scale },
            xBins: bins,
            yBins: { start: 0, step: width, n: 1 },
            counts,
          },
        ];
        sound(toSvg(of(...panels)));
        for (const panel of panels)
          for (const line of toText(panel)) assert.ok(line.length <= 80, line);
      }),
    );
  });

  test('no panels, no layers, no contents: an empty frame, no failure', () => {
    sound(toSvg({ title: 'none', panels: [] }));
    const axes = { x: { label: 'x' }, y: { label: 'y' } };
    sound(toSvg(of({ kind: 'plot', name: 'p', title: 'p', ...axes, layers: [] })));
    sound(
      toSvg(
        of({
          kind: 'plot',
          name: 'p',
          title: 'p',
          ...axes,
          layers: [{ kind: 'line', x: [], y: [] }],
        }),
      ),
    );
    sound(
      toSvg(
        of({
          kind: 'plot',
          name: 'p',
          title: 'p',
          x: axes.x,
          y: { label: 'y', scale: 'log' },
          layers: [{ kind: 'histogram', bins: { start: 0, step: 1, n: 2 }, counts: [0, 0] }],
        }),
      ),
    );
  });

  test('a map of many cells is a picture with a pixel per cell, the highest y on top', () => {
    const [nx, ny] = [150, 100];
    const counts = Array.from({ length: nx * ny }, (_, i) =>
      i === 3 ? 1 : i === nx * ny - 1 ? 100 : 0,
    );
    const map: Panel = {
      kind: 'map',
      name: 'm',
      title: 'm',
      x: { label: 'x' },
      y: { label: 'y' },
      z: { label: 'n', scale: 'log' },
      xBins: { start: 0, step: 1, n: nx },
      yBins: { start: 0, step: 1, n: ny },
      counts,
    };
    const url = /href="data:image\/png;base64,([^"]*)"/.exec(toSvg(of(map)))?.[1] ?? '';
    const { width, height, bytes } = decodePng(Buffer.from(url, 'base64'));
    assert.deepEqual([width, height], [nx, ny]);
    const set = [...bytes].flatMap((shade, i) =>
      shade === 0 ? [] : [[i % nx, Math.floor(i / nx), shade]],
    );
    assert.deepEqual(set, [
      [149, 0, 255],
      [3, 99, 1],
    ]);
  });

  test('what draws SVG imports nothing of Node: it runs in a browser, too', () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, to] of readFileSync(file, 'utf8').matchAll(
        /^(?:import|export) (?!type)[^;]* from '([^']+)'/gm,
      )) {
        if (to!.startsWith('.')) visit(resolve(dirname(file), to!));
        else assert.match(to!, /^d3-/, file);
      }
    };
    visit(join(root, 'src/figures/svg.ts'));
    visit(join(root, 'src/figures/terminal.ts'));
    assert.ok(seen.size > 8);
  });
});

describe('PNG', () => {
  test('has the size of the SVG times the scale, and is drawn on', async () => {
    const svg = toSvg(tiny);
    const [, w, h] = /width="(\d+)" height="(\d+)"/.exec(svg)!;
    const pixels = decodePng(await toPng(svg, 2));
    assert.deepEqual([pixels.width, pixels.height], [2 * Number(w), 2 * Number(h)]);
    // The title, the title of the first panel and the labels of its x axis: without a font these would be white.
    assert.ok(darkIn(pixels, [20, 20, 500, 70]) > 500, 'title');
    assert.ok(darkIn(pixels, [50, 90, 400, 125]) > 300, 'panel');
    assert.ok(darkIn(pixels, [60, 600, 900, 640]) > 100, 'labels');
  });

  test('the same SVG is the same picture', async () => {
    const svg = toSvg(tiny);
    assert.deepEqual(await toPng(svg, 1), await toPng(svg, 1));
  });

  test('a palette picture is read back by zlib, whatever its runs', () => {
    const runs = fc.array(fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 700 })), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 90 }), (list, width) => {
        const flat = list.flatMap(([shade, n]) => new Array<number>(n).fill(shade));
        const height = Math.max(1, Math.floor(flat.length / width));
        const indexes = Uint8Array.from({ length: width * height }, (_, i) => flat[i] ?? 0);
        const palette = Uint8Array.from({ length: 768 }, (_, i) => i & 255);
        const read = decodePng(palettePng(width, height, indexes, palette));
        assert.deepEqual([read.width, read.height], [width, height]);
        assert.deepEqual([...read.bytes], [...indexes]);
        assert.deepEqual([...read.palette!], [...palette]);
      }),
    );
    assert.match(
      dataUrl(palettePng(1, 1, Uint8Array.of(1), new Uint8Array(768))),
      /^data:image\/png;base64,iVBOR/,
    );
  });
});
