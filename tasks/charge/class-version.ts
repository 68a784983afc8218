/** May something of another version be read? Major versions are equal, and the wanted minor is not above the stored one. */
import { TaskError } from 'tg';
import type { H5File } from 'tg/h5';

const partsOf = (version: string): [string, number] => {
  const [major = '', minor = '0'] = version.split('.');
  return [major, Number(minor)];
};

export function isCompatible(wanted: string, stored: string): boolean {
  const [major, minor] = partsOf(wanted);
  const [storedMajor, storedMinor] = partsOf(stored);
  return major === storedMajor && minor <= storedMinor;
}

/** Versions of upstream's classes that are read: tables of its region and of its pairs version, and resources. */
const WANTED: Readonly<Record<string, readonly string[]>> = { run_info: ['0.1'] };
const TABLES = ['0.0', '1.0'];

/** Looks at `class_version` of table or resource `name` at `place`, where it has one. @throws TaskError for a version that is not read */
export function checkClass(file: H5File, name: string, place: string): void {
  if (file.kind(place) !== 'group') return;
  const { class_version: version, classname } = file.attributes(place);
  const wanted = WANTED[name] ?? TABLES;
  if (typeof version !== 'string' || wanted.some((each) => isCompatible(each, version))) return;
  const by = typeof classname === 'string' ? `${classname} ` : '';
  const read = wanted.map((each) => `${each} to ${partsOf(each)[0]}.x`).join(' and ');
  throw new TaskError(`${name} was written by ${by}${version}, tg reads ${read}`, {
    at: { file: file.path },
    try: 'build it again from the packets',
  });
}
