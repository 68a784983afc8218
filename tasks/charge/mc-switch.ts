/** Simulated or not: from the file, or as the user says. And what upstream writes of it. Knows no files. */
import { z } from 'tg';

/** `auto`: what the file says; larnd-sim's files have /mc_packets_assn. */
export const mcSwitch = z.union([z.literal('auto'), z.boolean()]).default('auto');

export const isSimulated = (mc: 'auto' | boolean, file: boolean): boolean =>
  mc === 'auto' ? file : mc;

/** Attributes of charge/raw_events in a simulated file. */
export const mcAttributes = {
  mc_tracks_dset_name: 'mc_truth/tracks',
  mc_trajectories_dset_name: 'mc_truth/trajectories',
  mc_packet_fraction_dset_name: 'mc_truth/packet_fraction',
} as const;
