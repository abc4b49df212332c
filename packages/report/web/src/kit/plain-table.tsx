// The table next to a figure. Long ones show their beginning and say so; all rows can be copied.

import { csv } from '@whyslow/report/text/csv.ts'
import type { ComponentChildren } from 'preact'
import { CopyButton } from './copy.tsx'

/** `value` is for CSV: the number itself; without it what is shown, which is a text then. */
export type Column<Row> = { readonly head: string; readonly isNumber?: boolean } & (
  | { readonly show: (row: Row) => string | number; readonly value?: (row: Row) => unknown }
  | { readonly show: (row: Row) => ComponentChildren; readonly value: (row: Row) => unknown }
)

const MOST_ROWS = 100

export function PlainTable<Row>({
  title,
  rows,
  columns,
}: {
  title: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
}) {
  const shown = rows.slice(0, MOST_ROWS)
  const all = () =>
    csv(
      columns.map(({ head }) => head),
      rows.map((row) => columns.map(({ value, show }) => (value ?? show)(row))),
    )
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label={`${title}: table`}>
        <table>
          <thead>
            <tr>
              {columns.map(({ head, isNumber }) => (
                <th key={head} scope="col" class={isNumber ? 'number' : undefined}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, index) => (
              <tr key={index}>
                {columns.map(({ head, show, isNumber }) => (
                  <td key={head} class={isNumber ? 'number' : undefined}>
                    {show(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="table-foot">
        {rows.length > shown.length && <span>{`${shown.length} of ${rows.length} rows; the copy has all. `}</span>}
        <CopyButton text={all} label={`Copy as CSV: ${title}`} /> <span class="soft">as CSV</span>
      </p>
    </>
  )
}
