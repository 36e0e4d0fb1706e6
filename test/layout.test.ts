// Keeps the project in the shape of its design: the direction of imports, what the deterministic
// parts may touch, and the habits of the house. Everything is read from the source itself; each
// test lists every violation at once.

import { describe, expect, test } from 'vitest';
import { readText, type SourceFile, sourceFiles, withoutComments } from './support/source-tree.ts';

const files = sourceFiles(['protocol', 'src', 'bench', 'test']);
const paths = new Set(files.map(file => file.path));

interface Area {
  readonly folder: string;
  /** Packages, besides those of all; a name covers its subpaths. */
  readonly packages: readonly string[];
  /** Folders or single files of the project, besides its own. */
  readonly from: readonly string[];
  /** What it may name for its types alone. */
  readonly typesFrom?: readonly string[];
  /** May it import `node:` modules? */
  readonly node: boolean;
}

/** The direction of imports. What is not listed here (src/*.ts, src/demo, bench, test) may all. */
const AREAS: readonly Area[] = [
  { folder: 'protocol', packages: ['zod', 'msgpackr', '@noble/hashes'], from: [], node: false },
  { folder: 'src/base', packages: ['pino', 'n2words'], from: [], node: false },
  { folder: 'src/engine', packages: [], from: ['protocol', 'src/base'], node: false },
  {
    folder: 'src/database',
    packages: ['pg', 'node-pg-migrate', '@electric-sql/pglite', '@electric-sql/pglite-socket'],
    from: ['src/base'],
    node: true,
  },
  {
    folder: 'src/journal',
    packages: ['pg'],
    from: ['protocol', 'src/base', 'src/database', 'src/engine/fact.ts'],
    typesFrom: ['src/engine'],
    node: true,
  },
  {
    folder: 'src/projection',
    packages: ['pg'],
    from: [
      'protocol',
      'src/base',
      'src/database',
      'src/journal',
      'src/engine/fact.ts',
      'src/engine/lived-time.ts',
      'src/engine/recent-prices.ts',
      'src/engine/window.ts',
    ],
    typesFrom: ['src/engine'],
    node: true,
  },
  {
    folder: 'src/reads',
    packages: ['pg'],
    from: ['protocol', 'src/base', 'src/database', 'src/journal', 'src/engine/fact.ts'],
    typesFrom: ['src/engine', 'src/projection'],
    node: false,
  },
  {
    folder: 'src/gateway',
    packages: ['uWebSockets.js', 'uws-20.51', 'jose', 'prom-client'],
    from: ['protocol', 'src/base'],
    node: true,
  },
  {
    folder: 'src/cluster',
    packages: ['ioredis', 'msgpackr'],
    from: ['protocol', 'src/base'],
    node: true,
  },
  {
    folder: 'src/realm',
    packages: [],
    from: [
      'protocol',
      'src/base',
      'src/engine',
      'src/journal',
      'src/gateway/port.ts',
      'src/reads/manifest-view.ts',
      ...['src/cluster/messages.ts', 'src/cluster/refused.ts', 'src/cluster/stream-id.ts'],
    ],
    typesFrom: ['src/cluster', 'src/database', 'src/projection', 'src/reads'],
    node: false,
  },
];

/**
 * Of the protocol, the engine knows the vocabulary and its values as bytes: no frames, no clients.
 */
const NOT_VOCABULARY = /^protocol\/(codec|client|local-book|scan)/;

function isWithin(target: string, places: readonly string[]): boolean {
  return places.some(place => target === place || target.startsWith(`${place}/`));
}

function violationsOf(area: Area, file: SourceFile): string[] {
  const bad: string[] = [];
  for (const { target, isRelative, isTypeOnly } of file.imports) {
    const says = `${file.path} imports ${target}`;
    if (isRelative) {
      const types = isTypeOnly ? (area.typesFrom ?? []) : [];
      if (!isWithin(target, [area.folder, ...area.from, ...types])) bad.push(says);
      if (area.folder === 'src/engine' && NOT_VOCABULARY.test(target)) bad.push(says);
    } else if (target.startsWith('node:')) {
      if (!area.node) bad.push(says);
    } else if (!isWithin(target, area.packages)) {
      bad.push(says);
    }
  }
  return bad;
}

describe('the direction of imports', () => {
  test.each(AREAS)('$folder imports only what it may', area => {
    const own = files.filter(file => isWithin(file.path, [area.folder]));
    expect(own.length).toBeGreaterThan(0);
    expect(own.flatMap(file => violationsOf(area, file))).toEqual([]);
  });

  test('every folder of src is in the table of areas', () => {
    const folders = files.map(file => /^(src\/[^/]+)\//.exec(file.path)?.[1]);
    const known = new Set([...AREAS.map(area => area.folder), 'src/demo', undefined]);
    expect([...new Set(folders)].filter(folder => !known.has(folder))).toEqual([]);
  });

  test('pino is named by the log alone', () => {
    const users = files.filter(file => file.imports.some(({ target }) => target === 'pino'));
    const inSource = users.map(file => file.path).filter(path => path.startsWith('src/'));
    expect(inSource).toEqual(['src/base/log.ts']);
  });

  test('source does not import tests or benchmarks', () => {
    const outward = files
      .filter(file => /^(src|protocol)\//.test(file.path))
      .flatMap(file => file.imports.map(({ target }) => `${file.path} imports ${target}`));
    expect(outward.filter(line => / imports (test|bench)\//.test(line))).toEqual([]);
  });

  test('a relative import names a file that is there, with its ending', () => {
    const lost = files.flatMap(file =>
      file.imports
        .filter(({ target, isRelative }) => isRelative && !paths.has(target))
        .map(({ target }) => `${file.path} imports ${target}`),
    );
    expect(lost).toEqual([]);
  });
});

/** What would make two runs of the same entries differ, or wait for something. */
const WORLD = /\b(Date|Math\.random|process|performance|Promise|async|await|setTimeout|Intl)\b/;

describe('determinism', () => {
  test('the engine has no clock, no chance, no process and no promise', () => {
    expect(linesWith(WORLD, file => file.path.startsWith('src/engine/'))).toEqual([]);
  });

  test('nor has what turns facts into rows', () => {
    const journal = 'journal/(bytes|words|fact-(codec|reader)(-direct)?)';
    const tables = 'projection/(changes|(direct-)?tables?|write)';
    const pure = new RegExp(String.raw`^src/(${journal}|${tables})\.ts$`);
    expect(files.filter(file => pure.test(file.path)).length).toBeGreaterThanOrEqual(11);
    expect(linesWith(WORLD, file => pure.test(file.path))).toEqual([]);
  });

  test('the protocol runs in a browser', () => {
    const node = /\b(Buffer|process|__dirname|require)\b(?!')/;
    expect(linesWith(node, file => file.path.startsWith('protocol/'))).toEqual([]);
  });

  test('only the configuration, the commands and the demo read the environment', () => {
    const readers = files.filter(
      file => file.path.startsWith('src/') && /process\.env/.test(file.code),
    );
    const allowed = /^src\/(main|config|audit)\.ts$|^src\/demo\//;
    expect(readers.map(file => file.path).filter(path => !allowed.test(path))).toEqual([]);
  });
});

function linesWith(pattern: RegExp, chosen: (file: SourceFile) => boolean): string[] {
  return files.filter(chosen).flatMap(file =>
    file.code
      .split('\n')
      .map((line, index) => [`${file.path}:${index + 1}`, withoutStrings(line)] as const)
      .filter(([, line]) => pattern.test(line))
      .map(([where, line]) => `${where} ${line.trim()}`),
  );
}

function withoutStrings(line: string): string {
  return line.replace(/'(?:\\.|[^'\\])*'/g, "''");
}

const WORDS_NOT_USED = /^(managers?|services?|handlers?|utils?|helpers?|common|misc|data)$/;

describe('the habits of the house', () => {
  test('a file has at most 400 lines', () => {
    const long = files.map(file => [file.path, file.text.split('\n').length - 1] as const);
    expect(long.filter(([, lines]) => lines > 400)).toEqual([]);
  });

  test('a line has at most 100 columns', () => {
    const long = files.flatMap(file =>
      file.text
        .split('\n')
        .map((line, index) => [`${file.path}:${index + 1}`, [...line].length] as const),
    );
    expect(long.filter(([, columns]) => columns > 100)).toEqual([]);
  });

  test('a source file begins with a comment that says what it is for', () => {
    const bare = files.filter(
      file => !file.path.endsWith('.test.ts') && !/^\/[/*]/.test(file.text),
    );
    expect(bare.map(file => file.path)).toEqual([]);
  });

  test('there are no default exports', () => {
    expect(linesWith(/^export default\b/, () => true)).toEqual([]);
  });

  test('there are no barrels', () => {
    const barrels = files.filter(({ path, code }) => {
      const rest = code.replace(/^export\b[^;]*\bfrom\s+'[^']+';/gm, '').trim();
      return path.endsWith('/index.ts') || (rest === '' && code.trim() !== '');
    });
    expect(barrels.map(file => file.path)).toEqual([]);
  });

  test('nothing is left to do in comments', () => {
    const marker = new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|X{3})\\b`);
    const left = files.filter(file => marker.test(file.text));
    expect(left.map(file => file.path)).toEqual([]);
  });

  test('nothing is of type any', () => {
    expect(linesWith(/(:|\bas|<|,|=>)\s*any\b(?!\s*\()|\bany\[\]/, () => true)).toEqual([]);
  });

  test('files are not named by words that say nothing', () => {
    const vague = files.filter(({ path }) =>
      path
        .replace(/(\.test|\.pg)?\.ts$/, '')
        .split(/[/.-]/)
        .some(word => WORDS_NOT_USED.test(word)),
    );
    expect(vague.map(file => file.path)).toEqual([]);
  });

  test('nor are classes, types and functions', () => {
    const vague = /\b(class|interface|type|function|const)\s+\w*(Manager|Handler|Util|Helper)s?\b/;
    expect(linesWith(vague, () => true)).toEqual([]);
  });

  test('every file is an entry point or is used; tests alone keep no source alive', () => {
    const commands =
      /^(src\/main|bench\/(main|table|step-probe|peers\/.+)|test\/(sim|fuzz)\/main)\.ts$/;
    const entries = (path: string) =>
      commands.test(path) || path.endsWith('.test.ts') || path === 'test/support/global-setup.ts';
    const used = new Set<string>();
    for (const file of files) {
      for (const { target } of file.imports) {
        const fromTest = file.path.startsWith('test/');
        if (!fromTest || target.startsWith('test/')) used.add(target);
      }
    }
    const dead = files.filter(({ path }) => !used.has(path) && !entries(path));
    expect(dead.map(file => file.path)).toEqual([]);
  });

  test('dependencies are pinned exactly, and the lockfile names no registry', () => {
    const manifest = JSON.parse(readText('package.json')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    const loose = versions.filter(([, version]) => !/^(npm:.+@)?\d+\.\d+\.\d+$/.test(version));
    expect(loose).toEqual([]);
    expect(readText('package-lock.json')).not.toMatch(/"resolved": "https?:/);
  });
});

describe('the reader of the source', () => {
  test('tells comments from strings', () => {
    const text = "const a = 'http://b'; // c\n/* d */ const e = `// f`;";
    expect(withoutComments(text)).toBe("const a = 'http://b';     \n        const e = `// f`;");
  });

  test('sees every kind of import', () => {
    const main = files.find(file => file.path === 'src/main.ts');
    const fact = files.find(file => file.path === 'src/engine/fact.ts');
    expect(main?.imports.some(({ target }) => target === 'src/config.ts')).toBe(true);
    expect(fact?.imports.every(({ isTypeOnly }) => isTypeOnly)).toBe(true);
    expect(fact?.imports.length).toBeGreaterThan(0);
  });
});
