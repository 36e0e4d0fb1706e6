// Where a worker thread's file is. Workers are always loaded compiled: Node 20 can't load
// TypeScript, so code that runs from the sources (the tests) takes the worker from `dist`.

import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The compiled file `name` (without extension) beside the module with this `import.meta.url`. */
export function workerFile(moduleUrl: string, name: string): string {
  const module = fileURLToPath(moduleUrl);
  if (module.endsWith('.js')) return join(dirname(module), `${name}.js`);
  const root = packageFolder();
  const file = join(root, 'dist', relative(root, dirname(module)), `${name}.js`);
  if (!existsSync(file)) throw new Error(`${file} is missing: run "npm run build" first.`);
  return file;
}

/** The folder of package.json, above `src` and above `dist/src` alike. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('The package.json of Tradepost was not found.');
    folder = parent;
  }
  return folder;
}
