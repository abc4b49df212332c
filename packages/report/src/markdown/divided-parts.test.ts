import { expect, test } from 'vitest'
import { exampleEmbedding } from '../../test/support/documents/example-embedding.ts'
import { exampleGeneration } from '../../test/support/documents/example-generation.ts'
import { renderMarkdown } from './markdown.ts'

test.each([
  ['embeddings', exampleEmbedding, '| model, on padding | 10.8 ms | 68 % |'],
  ['text generation', exampleGeneration, '| part | time | share |'],
])('%s: findings, the parts as a table, and the trust', (_, document, row) => {
  const written = renderMarkdown(document)
  const [finding] = document.findings
  for (const part of [`(\`${finding!.rule}\`)`, row, '- trust B\n- processes vary by ±5.1 % around the median'])
    expect(written).toContain(part)
})
