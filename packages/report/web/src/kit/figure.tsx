// A figure: the question that it answers, the finding in words, the drawing, and the same numbers as a table next to it.
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { type Column, PlainTable } from './plain-table.tsx'

interface FigureProps<Row> {
  readonly title: string
  /** What it shows, in words. */
  readonly says?: ComponentChildren
  readonly children: ComponentChildren
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  /** Title of the table, if it is more than the numbers of the drawing. */
  readonly tableTitle?: string
  readonly note?: ComponentChildren
}

export function Figure<Row>({ title, says, children, rows, columns, tableTitle, note }: FigureProps<Row>) {
  return (
    <figure class="figure">
      <figcaption>
        <h3>{title}</h3>
        {says !== undefined && <p class="says-line">{says}</p>}
      </figcaption>
      <div class="drawing">{children}</div>
      {note !== undefined && <p class="note">{note}</p>}
      {rows.length > 0 && (
        <Numbers title={title} rows={rows} columns={columns} summary={tableTitle ?? 'The numbers as a table'} />
      )}
    </figure>
  )
}

/** Made when it is opened: most are not. */
function Numbers<Row>({
  title,
  rows,
  columns,
  summary,
}: Pick<FigureProps<Row>, 'title' | 'rows' | 'columns'> & { summary: string }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details class="numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {isOpen && <PlainTable title={title} rows={rows} columns={columns} />}
    </details>
  )
}
