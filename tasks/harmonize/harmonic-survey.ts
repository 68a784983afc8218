/** What harmonic files hold: of each event where it came from and its payload. Reads headers, no samples. */
import { TaskError } from 'tg';
import { openObjects, scalarOf, type H5Object, type H5Objects } from 'tg/h5';
import { VERSIONS } from './write-harmonic.ts';

export interface HarmonicEvents {
  name: string;
  /** Of each event, in order of the file. */
  run: number[];
  event: number[];
  /** Payload, bytes. */
  bytes: number[];
  /** Events of the range of the file that are not there. */
  absent: number;
}

/** @throws H5Error, TaskError when it is no harmonic file */
export function surveyFile(path: string, name: string): HarmonicEvents {
  const file = openObjects(path);
  try {
    const events = file.member(file.root(), 'events');
    const attributes = events && file.attributes(events);
    const version = attributes && scalarOf(attributes, 'version');
    const marked = attributes?.has('harmonizer') === true;
    if (events === undefined || !(version === VERSIONS['1.0'] || marked))
      throw new TaskError(`${path} is no harmonic file`, {
        try: 'the folder of the harmonic files, or the config that made them',
      });
    const members = file.members(events);
    const found: HarmonicEvents = { name, run: [], event: [], bytes: [], absent: 0 };
    const last = Number(scalarOf(attributes!, 'max_event') ?? 0);
    for (let n = Number(scalarOf(attributes!, 'min_event') ?? 0); n < last; n++) {
      const object = file.member(events, `event_${n}`, members);
      if (object === undefined) {
        found.absent++;
        continue;
      }
      const from = file.attributes(object);
      found.run.push(Number(scalarOf(from, 'orig_run')));
      found.event.push(Number(scalarOf(from, 'orig_event')));
      found.bytes.push(payloadOf(file, object));
    }
    return found;
  } finally {
    file.close();
  }
}

function payloadOf(file: H5Objects, object: H5Object): number {
  if (object.kind === 'dataset') return file.place(object).bytes;
  const members = file.members(object);
  let bytes = 0;
  for (const name of members.keys()) {
    const member = file.member(object, name, members);
    if (member !== undefined) bytes += payloadOf(file, member);
  }
  return bytes;
}
