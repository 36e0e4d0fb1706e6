// Rows in the order of an index, one after another, and no more of them than are shown. Ordinary
// `order by ... limit` is as good as what the planner believes: of a player who owns far more than
// others, or before anything was analyzed, it sorts all there is. From row to row it has no choice.
// The embedded database cancels nothing, so what a statement looks at must not depend on beliefs.

export interface Walk {
  readonly table: string;
  /** What all rows have in common: the first columns of the index are equal to something. */
  readonly where: string;
  /** The other columns of the index, in which the walk goes. */
  readonly key: readonly string[];
  readonly direction: 'up' | 'down';
  /** Which rows the walk may begin with. */
  readonly from: string;
  readonly limit: string;
}

/** A query of whole rows of the table. Its statement begins `with recursive`, if with anything. */
export function walk({ table, where, key, direction, from, limit }: Walk): string {
  const order = key.map(column => `${column} ${direction === 'up' ? 'asc' : 'desc'}`).join(', ');
  const place = (of: string) => `(${key.map(column => `${of}.${column}`).join(', ')})`;
  const beyond = direction === 'up' ? '>' : '<';
  return `with recursive walked as (
      (select * from ${table} where ${where} and ${from} order by ${order} limit 1)
      union all
      select next.* from walked cross join lateral (
        select one.* from ${table} as one where ${where} and ${place('one')} ${beyond}
          ${place('walked')} order by ${order} limit 1) as next
    ) select * from walked limit ${limit}`;
}
