// Recorded documents (fixtures/gallery, fixtures/golden) as the pages that --html writes.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { embed, readShell } from '../dist/command/terminal/page-shell.js'
import { renderPage } from '../dist/report/html/html-page.js'

const fixtures = resolve(import.meta.dirname, '../fixtures')
const FOLDERS = ['gallery', 'golden']

/** The page of documents by their names: 'golden/cnn.report', or two of them compared. */
export function reportPage(names) {
  const documents = names.map((name) => JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8')))
  const data = embed({ documents, names: names.map((name) => `${basename(name).split('.')[0]}.json`) })
  return renderPage(readShell(), data, { title: 'whyslow', answer: documents[0].answer ?? '' })
}

/** Writes a page of each into a folder: gallery/model.html, golden/cnn.report.html. */
export function writeReports(folder) {
  for (const kind of FOLDERS) {
    mkdirSync(join(folder, kind), { recursive: true })
    const names = readdirSync(join(fixtures, kind)).flatMap((file) => /^([\w.-]+)\.json$/.exec(file)?.[1] ?? [])
    for (const name of names) writeFileSync(join(folder, kind, `${name}.html`), reportPage([`${kind}/${name}`]))
  }
}
