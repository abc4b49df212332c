// A tokenizer of transformers that is written in Python, where the same one in Rust gives the same numbers.
import { fasterWayFindings } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const slowTokenizer = defineRule({
  id: 'slow-tokenizer',
  area: 'software',
  title: 'The tokenizer is written in Python',
  languages: ['python'],
  needs: ['sessions'],
  check: (evidence) => fasterWayFindings(evidence, 'slow-tokenizer', 'text'),
})
