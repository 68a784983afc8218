/** Task type charge/lar_info: properties of the liquid argon in a run, of its field above all. */
import { defineTask, TaskError, z } from 'tg';
import { compound, createH5, type Typed } from 'tg/h5';
import { electronMobility, MOBILITY } from './drift.ts';
import { inputFiles } from './input-files.ts';
import { tablePlace } from './raw-event-packets.ts';
import { f8 } from './run-info.ts';

const params = z.strictObject({
  electron_lifetime: z.number().positive().default(2600).describe('us'),
  electron_lifetime_file: z.string().nullable().default(null),
  electron_mobility_params: z
    .array(z.number())
    .length(6)
    .default([...MOBILITY]),
  temperature: z.number().positive().default(87.17).describe('K'),
});

const LIFETIME = compound([
  ['unix_s', 'f8'],
  ['lt_us', 'f8'],
]);

export default defineTask({
  version: '1',
  params,
  async run(context) {
    const settings = context.params as z.infer<typeof params>;
    const files = inputFiles(context);
    const output = createH5(context.output('lar_info'));
    try {
      const file = await files.open('run_info');
      const place = tablePlace(context, 'run_info');
      const { e_field: field, is_mc } = file.attributes(place);
      if (typeof field !== 'number' || !(field > 0))
        throw new TaskError(`run_info has no e_field (kV/mm)`, {
          at: { file: file.path },
          try: 'tg build run_info',
        });
      // Upstream leaves the file aside in simulation, too.
      const lifetimeFile = is_mc === true ? null : settings.electron_lifetime_file;
      if (lifetimeFile !== null)
        throw new TaskError(
          `electron_lifetime_file: ${lifetimeFile} is a ROOT file of lifetimes by time, which tg does not read`,
          { code: 'bad-value', try: 'electron_lifetime: 2600 (us), one for the whole run' },
        );
      const mobility = settings.electron_mobility_params;
      const lifetime: Typed = {
        dtype: LIFETIME,
        shape: [2],
        values: [0, 1].map((unix_s) => ({ unix_s, lt_us: settings.electron_lifetime })),
      };
      // Units as upstream combines them, so that the last digits are its own: 0.1 kV/mm are 1 kV/cm, 1 cm^2/V/s are 0.1 mm^2/kV/us.
      const mu = electronMobility(field / 0.1, settings.temperature, mobility) * 0.1;
      output.group('lar_info', {
        classname: 'LArData',
        class_version: '0.2.0',
        v_drift: f8(mu * field),
        density: f8(1.38 * 1e-3),
        ionization_w: f8(23.6 * 1e-3),
        electron_mobility_params: Float64Array.from(mobility),
        electron_lifetime_central_value: lifetime,
        electron_lifetime_lower_bound: lifetime,
        electron_lifetime_upper_bound: lifetime,
      });
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      files.close();
    }
  },
});
