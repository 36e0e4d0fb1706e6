// How a planted bug is hunted: a copy of the compiled engine with one textual change, and seeds of
// the simulation until one notices. Text that is not found exactly once is an error, so that a
// mutant cannot quietly stop being one when the engine changes.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Mutant {
  readonly name: string;
  /** Below the root of the compiled project. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export type Verdict =
  | { readonly mutant: string; readonly caught: true; readonly seed: number; readonly by: string }
  | { readonly mutant: string; readonly caught: false; readonly seeds: number };

/** Plants one bug and runs seeds until it is caught, or `seeds` of them were fooled. */
export async function hunt(mutant: Mutant, seeds: number, commands: number): Promise<Verdict> {
  const compiled = fileURLToPath(new URL('../../', import.meta.url));
  if (!import.meta.url.endsWith('.js')) throw new Error('mutants are made of compiled code');
  const folder = mkdtempSync(join(compiled, 'mutant-'));
  try {
    for (const part of ['protocol', 'src/base', 'src/engine', 'test/sim']) {
      const filter = (path: string) => !path.endsWith('.map');
      cpSync(join(compiled, part), join(folder, part), { recursive: true, filter });
    }
    plant(join(folder, mutant.file), mutant);
    const url = pathToFileURL(join(folder, 'test/sim/simulation.js')).href;
    const { simulate } = (await import(url)) as typeof import('./simulation.ts');
    for (let seed = 1; seed <= seeds; seed += 1) {
      try {
        simulate(seed, commands);
      } catch (failure) {
        const [by = ''] = (failure instanceof Error ? failure.message : String(failure)).split(
          '\n',
        );
        return { mutant: mutant.name, caught: true, seed, by };
      }
    }
    return { mutant: mutant.name, caught: false, seeds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function plant(path: string, { name, find, replace }: Mutant): void {
  const text = readFileSync(path, 'utf8');
  const found = text.split(find).length - 1;
  if (found !== 1) throw new Error(`mutant ${name}: its text is found ${found} times, not once`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
}
