import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  linesOf,
  measuredTable,
  pageOf,
  rowsOf,
  TABLES,
  type TableFormat,
  tableIn,
  withTable,
} from '../test/support/check-table.ts'

/** 'print' or 'write': set by scripts/format-table.mjs. */
const asked = process.env.WHYSLOW_FORMAT_TABLES

if (asked === undefined) describe.each(TABLES)('the page of %s', held)
else test.each(TABLES)('%s is measured', { timeout: 600_000 }, measure)

function held(format: TableFormat): void {
  const lines = tableIn(fs.readFileSync(pageOf(format), 'utf8'))

  test('holds the table that scripts/format-table.mjs prints, but for the last digits of its figures', () => {
    const rows = rowsOf(format)
    expect(rows.length).toBeGreaterThan(30)
    expect(lines.map((line) => line.replace(/ [^|]* \|$/, ''))).toEqual(linesOf(rows))
  })

  test('its figures are below what the fixtures are held to', () => {
    for (const line of lines) {
      const integer = /`u?int(8|16)-/.test(line)
      expect(Number(line.split('|').at(-2)), line).toBeLessThanOrEqual(integer ? 0.012 : 1e-5)
    }
  })
}

async function measure(format: TableFormat): Promise<void> {
  const table = await measuredTable(format)
  if (asked === 'write') fs.writeFileSync(pageOf(format), withTable(fs.readFileSync(pageOf(format), 'utf8'), table))
  else process.stdout.write(`${table}\n\n`)
  expect(tableIn(table)).toHaveLength(rowsOf(format).length)
}
