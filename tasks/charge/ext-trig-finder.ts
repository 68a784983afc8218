/** Task type charge/ext_trig_finder: packets and their corrected times -> external triggers of each raw event. */
import { defineTask, z } from 'tg';
import { compound, createH5, dtype } from 'tg/h5';
import { BLOCK_ROWS } from './packets-file.ts';
import { openRawEventPackets, packetBlocks } from './raw-event-packets.ts';
import { madeRuns, visitBlock } from './runs.ts';
import { continueEvent, findTriggers, noPulse, TRIGGER_ROW, triggerRules } from './triggers.ts';
import { room } from './room.ts';

/** Three numbers of one byte each, or every chip. */
const BYTE = '(?:\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])';
const CHIP = new RegExp(`^(?:All|${BYTE}-${BYTE}-${BYTE})$`);

const params = z.strictObject({
  pacman_trigger_enabled: z.boolean().default(true),
  pacman_trigger_word_filter: z
    .int()
    .min(0)
    .max(255)
    .default(2)
    .describe('bits of the trigger word'),
  larpix_trigger_channels: z
    .record(z.string().regex(CHIP), z.array(z.int().min(0).max(63)), {
      error: ({ code }) =>
        code === 'invalid_key' ? 'no io_group-io_channel-chip_id, nor All' : undefined,
    })
    .default({})
    .describe('io_group-io_channel-chip_id or All: channels'),
});

const TRIGGER = compound([
  ['id', 'u4'],
  ['ts', 'f8'],
  ['ts_raw', 'i8'],
  ['type', 'i2'],
  ['iogroup', 'u1'],
]);

const CHANNELS_OF_CHIP = compound([
  ['key', 'str'],
  ['val', { kind: 'vlen', base: dtype('u1') }],
]);

export default defineTask({
  version: '2',
  params,
  parts: 'each',
  async run(context) {
    const settings = context.params as z.infer<typeof params>;
    const channels = settings.larpix_trigger_channels;
    const rules = triggerRules(
      settings.pacman_trigger_enabled,
      settings.pacman_trigger_word_filter,
      channels,
    );
    const packets = await openRawEventPackets(context, true);
    const output = createH5(context.output('charge/ext_trigs'));
    try {
      const table = output.table('charge/ext_trigs', TRIGGER, {
        attributes: {
          classname: 'ExternalTriggerFinder',
          class_version: '0.0.0',
          source_dset: 'charge/raw_events',
          packets_dset: 'charge/packets',
          ts_dset: 'charge/packets_corr_ts',
          pacman_trigger_enabled: settings.pacman_trigger_enabled,
          pacman_trigger_word_filter: settings.pacman_trigger_word_filter,
          larpix_trigger_channels: {
            dtype: CHANNELS_OF_CHIP,
            shape: [Object.keys(channels).length],
            values: Object.entries(channels).map(([key, val]) => ({ key, val: [...val] })),
          },
        },
      });
      const found = new Uint32Array(packets.walk.runs.start.length);
      let triggers = 0;
      const last = noPulse();
      const out = room('triggers', BLOCK_ROWS * TRIGGER_ROW);
      const view = new DataView(out.buffer);
      for (const { start, rows, bytes, times } of packetBlocks(context, packets)) {
        let place = 0;
        visitBlock(packets.walk, start, start + rows, (run, from, to) => {
          continueEvent(last, packets.walk.runs.parent[run]!);
          const id = triggers + place;
          const { fields } = packets;
          const n = findTriggers(bytes, from, to, fields, times, rules, last, id, view, place);
          found[run]! += n;
          place += n;
        });
        table.append(out.subarray(0, place * TRIGGER_ROW));
        triggers += place;
      }
      const runs = madeRuns(packets.walk.runs, found);
      output.relation('charge/raw_events', 'charge/ext_trigs', runs);
      context.count('triggers', triggers);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      for (const file of packets.files) file.close();
    }
  },
});
