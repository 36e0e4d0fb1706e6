// Reads the project's own source: which files there are, what they import, and their code without
// its comments. For the tests that keep the layout; good enough for our own style, not a parser.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Import {
  /** As written: a package, a `node:` module, or a path from the root for a relative one. */
  readonly target: string;
  readonly isRelative: boolean;
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** From the root of the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with comments blanked out; strings stay. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** All TypeScript files below the folders, by path. */
export function sourceFiles(folders: readonly string[]): SourceFile[] {
  const files: SourceFile[] = [];
  for (const folder of folders) {
    const entries = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const entry of entries) {
      if (entry.endsWith('.ts')) files.push(read(`${folder}/${entry.replaceAll('\\', '/')}`));
    }
  }
  return files.sort((one, other) => (one.path < other.path ? -1 : 1));
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function read(path: string): SourceFile {
  const text = readText(path);
  const code = withoutComments(text);
  return { path, text, code, imports: importsOf(path, code) };
}

/** Blanks line comments and block comments, but not what looks like one inside a string. */
export function withoutComments(text: string): string {
  const token =
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*.*?\*\//gs;
  return text.replace(token, found =>
    found.startsWith('//') || found.startsWith('/*') ? found.replace(/[^\n]/g, ' ') : found,
  );
}

/** Static, side-effect, re-exporting and dynamic imports, and the worker files that are started. */
function importsOf(path: string, code: string): Import[] {
  const imports: Import[] = [];
  const add = (specifier: string, isTypeOnly: boolean) => {
    const isRelative = specifier.startsWith('.');
    const target = isRelative ? posix.join(dirname(path), specifier) : specifier;
    imports.push({ target, isRelative, isTypeOnly });
  };
  for (const [, type, specifier = ''] of code.matchAll(
    /^(?:import|export)\s+(type\s)?[^;'"`=]*?\bfrom\s+'([^']+)'/gm,
  )) {
    add(specifier, type !== undefined);
  }
  for (const [, specifier = ''] of code.matchAll(/^import\s+'([^']+)'/gm)) add(specifier, false);
  for (const [, specifier = ''] of code.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) {
    add(specifier, false);
  }
  for (const [, name = ''] of code.matchAll(/workerFile\(import\.meta\.url, '([^']+)'/g)) {
    add(`./${name}.ts`, false);
  }
  return imports;
}
