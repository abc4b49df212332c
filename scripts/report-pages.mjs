// Recorded documents (fixtures/golden) as the pages that --html writes.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { embed, readShell } from '../dist/command/terminal/page-shell.js'
import { renderPage } from '../dist/report/html/html-page.js'

const golden = resolve(import.meta.dirname, '../fixtures/golden')

/** The page of documents by their names: 'cnn.report', or two of them compared. */
export function reportPage(names) {
  const documents = names.map((name) => JSON.parse(readFileSync(join(golden, `${name}.json`), 'utf8')))
  const data = embed({ documents, names: names.map((name) => `${name.split('.')[0]}.json`) })
  return renderPage(readShell(), data, { title: 'whyslow', answer: documents[0].answer ?? '' })
}

/** Writes a page of each into a folder. */
export function writeReports(folder) {
  mkdirSync(folder, { recursive: true })
  const names = readdirSync(golden).flatMap((file) => /^([\w.-]+)\.json$/.exec(file)?.[1] ?? [])
  for (const name of names) writeFileSync(join(folder, `${name}.html`), reportPage([name]))
}
