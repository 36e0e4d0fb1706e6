// How a statement names its tables: it says `realm.journal`, and the connection puts the schema of
// its own realm there. So a statement never depends on the search path of a session, which a pooler
// may hand to somebody else; where no connection of ours resolves the name, Postgres refuses it.

import pg from 'pg';

/** `realm.` before the name of a table. The schemas of realms are called `realm_...`. */
const NAMED = /\brealm\.(?=[a-z_])/g;

/** The text with the tables of this realm: `realm.journal` becomes `"realm_main".journal`. */
export function inSchema(schema: string, text: string): string {
  return text.replace(NAMED, `"${schema}".`);
}

/** A query that brings its own text, as copy.ts does. */
interface Texted {
  text: string;
}

type RealmClient = new (config?: pg.ClientConfig) => pg.Client;

/** One class for each realm of this process. */
const classes = new Map<string, RealmClient>();

/** The driver's client, for one realm. */
export function realmClient(schema: string): RealmClient {
  const known = classes.get(schema) ?? defineClient(schema);
  classes.set(schema, known);
  return known;
}

function defineClient(schema: string): RealmClient {
  // Texts are constants of the program: each is looked through once.
  const texts = new Map<string, string>();
  const resolved = (text: string): string => {
    if (!text.includes('realm.')) return text;
    const known = texts.get(text) ?? inSchema(schema, text);
    texts.set(text, known);
    return known;
  };
  return class extends pg.Client {
    /** Takes what the driver's takes, and gives what it gives: `never` fits all its forms. */
    override query(what: unknown, ...rest: unknown[]): never {
      const query = super.query as (...all: unknown[]) => unknown;
      if (typeof what === 'string') return query.call(this, resolved(what), ...rest) as never;
      const { text } = what as Partial<Texted>;
      if (text === undefined) return query.call(this, what, ...rest) as never;
      if (isSubmittable(what)) {
        what.text = resolved(text);
        return query.call(this, what, ...rest) as never;
      }
      return query.call(this, { ...(what as Texted), text: resolved(text) }, ...rest) as never;
    }
  };
}

function isSubmittable(what: unknown): what is pg.Submittable & Texted {
  return typeof (what as Partial<pg.Submittable>).submit === 'function';
}
