// The exports, as one menu.
import type { ExportItem } from './exports.ts'
import { saveFile } from './kit/copy.tsx'

export function ExportMenu({ items }: { items: readonly ExportItem[] }) {
  return (
    <details class="menu">
      <summary class="button">Export</summary>
      <ul>
        {items.map(({ title, tip, file, type, text }) => (
          <li key={title}>
            <button type="button" onClick={() => saveFile(file, text(), type)}>
              {title}
              <span class="soft">{tip}</span>
            </button>
          </li>
        ))}
      </ul>
    </details>
  )
}
