/** One merged run looked through: its events with their payload, where their bytes lie, its scalers, and what is amiss. Reads headers, no samples. */
import { TaskError } from 'tg';
import { openObjects, scalarOf, type H5Object, type H5Objects } from 'tg/h5';
import { findings, type Finding, type Findings } from './findings.ts';
import { formatOfVersion, type Format } from './merger-formats.ts';
import { eventColumns, type EventColumns } from './scan-columns.ts';
import { scanLegacyEvents, scanLegacyScalers } from './scan-legacy.ts';
import { scanModernEvents, scanModernScalers } from './scan-modern.ts';

export interface RunScan {
  run: number;
  format: Format;
  /** The `version` attribute; '' where the file has none. */
  version: string;
  events: EventColumns;
  /** Rows of [event, 11 channels], flat. */
  scalers: number[];
  findings: Finding[];
}

/** What a scan works on. */
export interface Scanning {
  file: H5Objects;
  run: number;
  events: EventColumns;
  scalers: number[];
  findings: Findings;
  progress?: ((n: number, of: number) => void) | undefined;
}

/** @throws TaskError, H5Error: no merged run, an unknown version, damaged */
export function scanRun(
  path: string,
  run: number,
  told: {
    progress?: (n: number, of: number) => void;
    /** Takes events by blocks; what is left stands in the result. */
    block?: (columns: EventColumns) => void;
  } = {},
): RunScan {
  const file = openObjects(path);
  try {
    const scanning: Scanning = {
      file,
      run,
      events: eventColumns(told.block),
      scalers: [],
      findings: findings(),
      progress: told.progress,
    };
    const { format, version } = scanFile(scanning);
    const { events, scalers } = scanning;
    return { run, format, version, events, scalers, findings: scanning.findings.list() };
  } finally {
    file.close();
  }
}

function scanFile(scanning: Scanning): { format: Format; version: string } {
  const { file } = scanning;
  const root = file.root();
  const meta = file.member(root, 'meta');
  if (meta !== undefined) {
    scanLegacyEvents(scanning, root, meta);
    scanLegacyScalers(scanning, root);
    return { format: '0.1.0', version: '' };
  }
  const events = file.member(root, 'events');
  if (events?.kind !== 'group')
    throw new TaskError(`${file.path} is no merged run: it has neither meta nor events`, {
      try: 'take it out of merger_path, or merge the run again',
    });
  const { format, version } = versionOf(file, events);
  scanModernEvents(scanning, events, format);
  scanModernScalers(scanning, file.member(root, 'scalers'), version);
  return { format, version };
}

/** By the attribute `version`; a merger that died may not have written it, then by what an event holds. */
function versionOf(file: H5Objects, events: H5Object): { format: Format; version: string } {
  const value = scalarOf(file.attributes(events), 'version');
  const version = typeof value === 'string' ? value : '';
  if (version.startsWith('harmonizer:') || scalarOf(file.attributes(events), 'harmonizer') != null)
    throw new TaskError(`${file.path} is a harmonic run already (version ${version})`, {
      try: 'merger_path: the folder of the merged runs',
    });
  if (version !== '') {
    const format = formatOfVersion(version);
    if (format !== undefined) return { format, version };
    throw new TaskError(`${file.path} is of version ${version}, which is not known`, {
      code: 'unknown-version',
      try: 'known are libattpc_merger:0.1 to 2.0 and synchronizer:0.1.0',
    });
  }
  for (const [name] of file.members(events)) {
    const event = file.member(events, name);
    if (event === undefined) continue;
    const has = file.members(event);
    if (has.has('get')) return { format: '2.0', version };
    if (has.has('get_traces')) break;
  }
  return { format: '1.0', version };
}
