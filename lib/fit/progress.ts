/**
 * What training over epochs tells of itself.
 *
 * @module
 */

/** How far the training is, after each step. */
export interface Progress {
  /** From 1 to `epochs` */
  readonly epoch: number
  readonly epochs: number
  /** Within its epoch, from 1 to `batches` */
  readonly batch: number
  /** Batches of this epoch: known with a Dataset, and at an epoch's end */
  readonly batches: number | undefined
  /** The batch's loss before its step */
  readonly loss: number
  /** Mean of the losses since the epoch began, weighted by the predictions (of all outputs) that counted in each */
  readonly meanLoss: number
  /** The batch's global L2 norm of all gradients, before any clipping */
  readonly gradNorm: number
  /** Whether this was the epoch's last step */
  readonly epochEnd: boolean
  /** Mean loss over the validation data, at an epoch's end where there are such data and nothing failed */
  readonly validationLoss: number | undefined
}
