// Rows in the order of an index, one after another, and no more of them than are shown. Ordinary
// `order by ... limit` is as good as what the planner believes: of a player who owns far more than
// others it sorts all there is, of one who owns next to nothing it looks through what others own.
// From row to row, with bounds in place of equality, no other way is cheap. The embedded database
// cancels nothing, so what a statement looks at must not depend on beliefs.

export interface Walk {
  readonly table: string;
  /** The first columns of the index, and what they are in all rows. */
  readonly of: Readonly<Record<string, string>>;
  /** Its other columns, in which the walk goes, and what it begins after. */
  readonly after: Readonly<Record<string, string>>;
  readonly direction: 'up' | 'down';
  /** What else must hold. */
  readonly where?: string;
  readonly limit: string;
}

/** A query of whole rows of the table. */
export function walk({ table, of, after, direction, where = 'true', limit }: Walk): string {
  const [head, key] = [Object.keys(of), Object.keys(after)];
  const columns = [...head, ...key];
  const [beyond, within, order] = direction === 'up' ? ['>', '<=', 'asc'] : ['<', '>=', 'desc'];
  const next = (values: readonly string[]) =>
    `select one.* from ${table} as one
      where (${head}) ${within} (${Object.values(of)})
        and (${columns}) ${beyond} (${[...Object.values(of), ...values]}) and ${where}
      order by ${columns.map(column => `one.${column} ${order}`)} limit 1`;
  return `with recursive walked as (
      (${next(Object.values(after))})
      union all
      select next.* from walked
        cross join lateral (${next(key.map(column => `walked.${column}`))}) as next
    ) select * from walked limit ${limit}`;
}

/** The latest rows of a table whose `column` is `value`, by id: those before $2, and $3 of them. */
export function latest(table: string, column: string, value: string, where = 'true'): string {
  const of = { [column]: value };
  return walk({ table, of, after: { id: '$2::bigint' }, direction: 'down', where, limit: '$3' });
}
