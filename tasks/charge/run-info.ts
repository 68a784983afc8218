/** Task type charge/run_info: what the run table says of a run, with the defaults for what it does not say. */
import { defineTask, z } from 'tg';
import { createH5, dtype, openH5, type Typed } from 'tg/h5';
import { isSimulated, mcSwitch } from './mc-switch.ts';

const defaults = z.strictObject({
  charge_filename: z.string().default('-'),
  light_filename: z.string().default('-'),
  e_field: z.number().positive().default(0.05).describe('kV/mm'),
  light_samples: z.int().positive().default(256),
  charge_thresholds: z.string().default('medm'),
});

const params = z.strictObject({
  charge_filename: z.string().nullable().default(null),
  light_filename: z.string().nullable().default(null),
  e_field: z.number().positive().nullable().default(null).describe('kV/mm'),
  light_samples: z.int().positive().nullable().default(null),
  charge_thresholds: z.string().nullable().default(null),
  runlist_file: z.string().default(''),
  crs_ticks: z.number().positive().default(0.1).describe('us'),
  lrs_ticks: z.number().positive().default(0.01).describe('us'),
  mc: mcSwitch,
  defaults: defaults.default(defaults.parse({})),
});

/** A whole number is a float, too. */
export const f8 = (value: number): Typed => ({ dtype: dtype('f8'), shape: [], values: [value] });

export default defineTask({
  version: '1',
  params,
  async run(context) {
    const { mc, runlist_file, crs_ticks, lrs_ticks, ...values } = context.params as z.infer<
      typeof params
    >;
    const none = values.defaults;
    const file = await openH5(context.input('packets'));
    const hasTruth = file.has('/mc_packets_assn');
    file.close();
    const output = createH5(context.output('run_info'));
    try {
      output.group('run_info', {
        classname: 'RunData',
        class_version: '0.1.1',
        runlist_file,
        charge_filename: values.charge_filename ?? none.charge_filename,
        charge_filename_default: none.charge_filename,
        light_filename: values.light_filename ?? none.light_filename,
        light_filename_default: none.light_filename,
        e_field: f8(values.e_field ?? none.e_field),
        e_field_default: f8(none.e_field),
        light_samples: values.light_samples ?? none.light_samples,
        light_samples_default: none.light_samples,
        charge_thresholds: values.charge_thresholds ?? none.charge_thresholds,
        charge_thresholds_default: none.charge_thresholds,
        is_mc: isSimulated(mc, hasTruth),
        is_mc_default: false,
        crs_ticks: f8(crs_ticks),
        crs_ticks_default: f8(0.1),
        lrs_ticks: f8(lrs_ticks),
        lrs_ticks_default: f8(0.01),
      });
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    }
  },
});
