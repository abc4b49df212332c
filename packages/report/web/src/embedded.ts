// What the page was given: the documents in its data block, packed where they are large, or asked of the server that the page came from.
import { type Embedded, type Given, unpacked } from './unpacked.ts'

/** null: the server has them. Rejects if the block holds no documents. */
export async function embeddedData(): Promise<Given | null> {
  const block = document.getElementById('report')
  const embedded = JSON.parse(block?.textContent ?? '{}') as Embedded
  // The text is not needed twice.
  block?.remove()
  if (embedded.served) return null
  const given = await unpacked(embedded)
  if (given === null) throw new Error('this page holds no document')
  return given
}
