// What a clean clone installs: exact versions, for every platform, from whatever registry there is.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageFolder } from '../../src/database/worker-file.ts';

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (name: string) => JSON.parse(readFileSync(join(packageFolder(), name), 'utf8'));
const manifest = read('package.json');
const packages: Record<string, Locked> = read('package-lock.json').packages;

/** Where `name` is found from the package at `path`, as Node looks for it. */
function find(path: string, name: string): Locked | undefined {
  for (let folder = path; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    const found = packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`];
    if (found !== undefined || folder === '') return found;
    if (!folder.includes('/node_modules/')) folder = '/node_modules/';
  }
}

test('dependencies are exact versions', () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  for (const version of Object.values(all)) {
    expect(version).toMatch(/^(npm:@[\w-]+\/[\w-]+@)?\d+\.\d+\.\d+$/);
  }
});

test('the lockfile has the native packages of every platform, or npm ci refuses it', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => find(path, name) === undefined)
      .map(([name, version]) => `${name}@${version} of ${path}`),
  );
  expect(missing).toEqual([]);
});

test('the lockfile names no registry', () => {
  const named = Object.values(packages).filter(({ resolved }) => resolved !== undefined);
  expect(named).toEqual([]);
});

test('what the server and the demo import is installed without development packages', () => {
  for (const name of Object.keys(manifest.dependencies)) {
    expect(packages[`node_modules/${name}`]?.dev).toBeUndefined();
  }
});
