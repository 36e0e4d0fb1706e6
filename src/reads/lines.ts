// Names in SQL, and the lines of a side: an array of three numbers a line in the tables, names and
// quantities in an answer. Names are looked up one by one, which is cheap, whatever the planner
// believes.

/** JSON with the lines of the column `array`, in their order. */
export function linesAsJson(array: string): string {
  return `(select coalesce(json_agg(json_build_object(
        'asset', ${assetName(`${array}[k]`)}, 'location', ${placeName(`${array}[k + 1]`)},
        'quantity', ${array}[k + 2]) order by k), '[]')
      from generate_series(1, cardinality(${array}), 3) as k)`;
}

/** The name of the player whose number `column` is; null for no number of a player. */
export function playerName(column: string): string {
  return `(select name from realm.players where id = ${column})`;
}

/** The name of the item or instance whose number `column` is. */
export function assetName(column: string): string {
  return `coalesce((select name from realm.items where asset = ${column}),
    (select name from realm.instances where asset = ${column}))`;
}

/** The name of the place whose number `column` is. */
export function placeName(column: string): string {
  return `(select name from realm.locations where id = ${column})`;
}
