/** Bringing files to the disk, for power cuts. Knows paths only. */
import { spawn } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, statSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Several at a time: each waits for the disk, not for the processor. */
const AT_ONCE = 8;

/** From this many files on, one call for the whole file system is cheaper than one for each. */
const MANY = 48;

/** Files first, then the folders they were renamed in. What is gone meanwhile needs no sync. */
export async function syncFiles(files: readonly string[]): Promise<void> {
  if (files.length >= MANY && (await syncFileSystems(files))) return;
  const folders = new Set(files.map((f) => dirname(f)));
  for (const group of [files, [...folders]])
    for (let i = 0; i < group.length; i += AT_ONCE)
      await Promise.all(group.slice(i, i + AT_ONCE).map(sync));
}

/** syncfs through coreutils, once per folder's file system; false where that is not to be had. */
async function syncFileSystems(files: readonly string[]): Promise<boolean> {
  const byDevice = new Map<number, string>();
  for (const folder of new Set(files.map((f) => dirname(f)))) {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat !== undefined) byDevice.set(stat.dev, folder);
  }
  return new Promise((resolve) => {
    const child = spawn('sync', ['-f', ...byDevice.values()], { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}

async function sync(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EIO') throw error;
    // Renamed again or removed meanwhile; a folder that cannot be opened.
  }
}

export function writeSynced(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, 'w');
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
