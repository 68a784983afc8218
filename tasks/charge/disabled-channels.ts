/** Task type charge/disabled_channels: places of channels that are off, and a table to ask for them, as a resource of a flow file. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { defineTask, TaskError, z, type TaskContext } from 'tg';
import { compound, createH5 } from 'tg/h5';
import { disabledPixels, disabledTable, type DisabledList } from './disabled-pixels.ts';
import { parseLayout } from './layout.ts';
import { writeLookUp, type LookUpTable } from './look-up-table.ts';
import { spaced } from './spaced.ts';

const params = z.strictObject({
  disabled_channels_list: z.string().nullable().default(null),
  missing_asic_list: z.string().nullable().default(null),
  geometry_file: z.string().nullable().default(null),
});

const XY = compound([
  ['x', 'f8'],
  ['y', 'f8'],
]);

/** A list, whole: every entry of it counts. */
function listOf(context: TaskContext, name: string): DisabledList | null {
  const path = context.file(name);
  return path === null ? null : { content: context.configuration(name), path };
}

export default defineTask({
  version: '1',
  params,
  files: ['geometry_file'],
  configuration: ['disabled_channels_list', 'missing_asic_list'],
  run(context) {
    const channels = listOf(context, 'disabled_channels_list');
    const missing = listOf(context, 'missing_asic_list');
    const geometry = channels === null ? null : context.file('geometry_file');
    if (channels !== null && geometry === null)
      throw new TaskError('disabled_channels_list names channels, and there is no geometry_file', {
        code: 'bad-value',
        try: 'parameters: {disabled_channels: {geometry_file: layout.yaml}}',
      });
    const layout = geometry === null ? null : parseLayout(readFileSync(geometry, 'utf8'), geometry);
    const pixels = disabledPixels(channels, missing, layout);
    const all = pixels.x.length + pixels.unplaced;
    const output = createH5(context.output('disabled_channels'));
    try {
      output.group('disabled_channels', {
        classname: 'DisabledChannels',
        class_version: '0.0.0',
        disabled_channels_list: channels === null ? '' : basename(channels.path),
        missing_asic_list: missing === null ? '' : basename(missing.path),
        lost: JSON.stringify({ 'not in the layout': pixels.unplaced }),
      });
      output.table('disabled_channels/xy', XY).appendColumns({ x: pixels.x, y: pixels.y });
      writeLookUp(output, 'disabled_channels/lut', tableOf(pixels, missing?.path));
      if (pixels.unplaced > 0)
        context.note('disabled channels are not in the layout', pixels.unplaced, all);
      context.count('disabled places', pixels.x.length);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    }
  },
});

function tableOf(pixels: ReturnType<typeof disabledPixels>, file: string | undefined): LookUpTable {
  try {
    return disabledTable(pixels);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TaskError(
      `places of ${spaced(pixels.x.length)} pixels too far apart for a table of mm: ${error.message}`,
      { ...(file === undefined ? {} : { at: { file } }), try: 'places in mm' },
    );
  }
}
