// Sequences, strings and encoded images: no arithmetic that the shapes would tell. Bytes are those of the tensors whose size is known; the note names the others.
// https://onnx.ai/onnx/operators/onnx__SequenceAt.html and its neighbours
import { defineFamily, type Formula, sameFor } from './family.ts'
import { costOf } from './work.ts'

const copies: Formula = (context) => costOf(context, { movesDataOnly: true })
const images: Formula = (context) => costOf(context, { note: 'decoding the image is not counted' })
const strings: Formula = (context) => costOf(context, { note: 'work on strings is not counted' })

export const sequenceFamily = defineFamily(
  'sequence',
  {},
  {
    ...sameFor(
      [
        'SequenceAt',
        'SequenceConstruct',
        'SequenceEmpty',
        'SequenceErase',
        'SequenceInsert',
        'SequenceLength',
        'SplitToSequence',
        'ConcatFromSequence',
      ],
      copies,
    ),
    ImageDecoder: images,
    ...sameFor(
      ['StringConcat', 'StringSplit', 'StringNormalizer', 'RegexFullMatch', 'TfIdfVectorizer', 'com.microsoft:Tokenizer'],
      strings,
    ),
  },
)
