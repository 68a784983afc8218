/** Task type charge/geometry_info: the geometry of the detector as a resource of a flow file, with the look-up tables that are asked for. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { defineTask, TaskError, z } from 'tg';
import { createH5 } from 'tg/h5';
import { CHARGE_TABLES } from './geometry-tables.ts';
import { parseLayout } from './layout.ts';
import { detectorsOf, LIGHT_TABLES } from './light-geometry.ts';
import { writeLookUp } from './look-up-table.ts';
import { f8 } from './run-info.ts';

const TABLES = [
  'pixel_xy',
  'tile_id',
  'anode_z',
  'drift_dir',
  'tpc_id',
  'det_id',
  'det_bounds',
] as const;

const params = z.strictObject({
  geometry_file: z.string().nullable().default(null),
  light_geometry_file: z.string().nullable().default(null),
  tables: z.array(z.enum(TABLES)).default([]),
});

const needs = (name: 'geometry_file' | 'light_geometry_file', what: string): TaskError =>
  new TaskError(`${what}: no ${name}`, {
    code: 'bad-value',
    try: `parameters: {geometry_info: {${name}: layout.yaml}}`,
  });

export default defineTask({
  version: '1',
  params,
  files: ['geometry_file'],
  configuration: ['light_geometry_file'],
  run(context) {
    const { tables } = context.params as z.infer<typeof params>;
    const geometry = context.file('geometry_file');
    const layout = geometry === null ? null : parseLayout(readFileSync(geometry, 'utf8'), geometry);
    const light = tables.filter((name) => Object.hasOwn(LIGHT_TABLES, name));
    const charge = tables.filter((name) => !light.includes(name));
    if (layout === null && charge.length > 0) throw needs('geometry_file', charge.join(', '));
    if (layout === null) context.note('pixel pitch is unknown, no geometry_file');
    const description = light.length === 0 ? null : context.configuration('light_geometry_file');
    if (light.length > 0 && description === null)
      throw needs('light_geometry_file', light.join(', '));
    const detectors =
      light.length === 0
        ? []
        : detectorsOf(description, context.file('light_geometry_file') ?? 'light_geometry_file');
    const output = createH5(context.output('geometry_info'));
    try {
      output.group('geometry_info', {
        classname: 'Geometry',
        class_version: '0.1.0',
        pixel_pitch: f8(layout?.pitch ?? NaN),
        crs_geometry_file: geometry === null ? '' : basename(geometry),
      });
      for (const name of TABLES) {
        if (!tables.includes(name)) continue;
        const place = `geometry_info/${name}`;
        if (light.includes(name)) writeLookUp(output, place, LIGHT_TABLES[name]!(detectors));
        else writeLookUp(output, place, CHARGE_TABLES[name]!(layout!));
      }
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    }
  },
});
