/** In what flow files of tg are otherwise than upstream's, each with its reason. Nothing else may be. */
import type { Known } from './whole-file.ts';

export type Form = 'region' | 'pairs';

const EDGES = ['edge_nodata', 'edge_empty'];

const BOTH: readonly Known[] = [
  {
    line: /^charge\/packets @lost: ours$/,
    why: 'tg stores what was dropped',
  },
  {
    line: /^charge\/raw_events @input_filename: /,
    why: 'the base name of the input: here these files have the names of their cases',
  },
  {
    line: /\/data chunks: /,
    why: "rows per chunk: about 128 KiB in tg, h5py's guess upstream",
  },
  {
    line: /^charge\/(?:events|hits|ext_trigs|packets_corr_ts|(?:raw_events|packets)\/ref)\b.*: ours$/,
    cases: EDGES,
    why: 'a run without events: tg makes its tables, empty; upstream was not run beyond raw events, or makes none',
  },
];

export const KNOWN: Record<Form, readonly Known[]> = {
  region: [
    ...BOTH,
    {
      line: /^charge\/ext_trigs @larpix_trigger_channels: array\(\[\].*array\(\[\(b'All', array\(\[6\]/,
      why: "upstream's {All: [6]} never fires, tg's would: the same triggers need {}",
    },
  ],
  pairs: [
    ...BOTH,
    {
      line: /^(?:run_info|lar_info|geometry_info)(?:\/\w+)*: not ours$/,
      why: 'groups of resources: no task of these makes them',
    },
    {
      line: /^charge\/\w+ @(?:charge_to_light_assoc_)?class_version: /,
      why: 'the tables are those of the region version, in both forms: see docs/hdf5.md',
    },
    {
      line: /^charge\/(?:raw_events|events|ext_trigs|packets_corr_ts)\/data\.id: u4, u8$/,
      why: 'widths of the region version: id',
    },
    {
      line: /^charge\/hits\/data\.(?:iogroup|iochannel|chipid|channelid): i8, u1$/,
      why: 'widths of the region version: pixels of hits',
    },
    {
      line: /^charge\/ext_trigs\/data\.ts_raw: i8, u8$/,
      why: 'widths of the region version: ts_raw of triggers',
    },
    {
      line: /^charge\/raw_events @packets_dset_name: not ours$/,
      why: 'the region version has no such attribute: tg names tables by what makes them',
    },
    {
      line: /^charge\/hits @geometry_file: ours$/,
      why: 'the region version has the layout here, the pairs version in geometry_info',
    },
    {
      line: /^charge\/hits @(?:pedestal|configuration)_file: '\w+\.json', 'h5flow_data\//,
      why: 'base names: no paths of the machine in an output',
    },
    {
      line: /^combined\/(?:hit_drift @(?:class_version|classname|hits_dset|source_dset|t0_dset): ours|t0 @(?:class_version|classname): |t0 @(?:hits_dset|t0_dset): not ours)/,
      why: 'upstream writes the attributes of the drift over those of t0',
    },
    {
      line: /^combined\/hit_drift @(?:e_field|temperature|v_drift|geometry_file): ours$/,
      why: 'what upstream has in run_info and lar_info',
    },
    {
      line: /\/ref_region chunks: \(1024,\), \(\d+,\)$/,
      why: 'a look-up table that began with rows has the guess of h5py',
    },
    {
      line: /\bcombined\b.*: ours$/,
      cases: [...EDGES, 'larndsim12k'],
      why: 'upstream was run without t0 and drift',
    },
    {
      line: /^charge\/hits\.p[xy] values$/,
      cases: ['larndsim12k'],
      why: "keys of other pixels alias in upstream's table: 3 385 of 12 005 hits elsewhere",
    },
  ],
};
