/** Keeps pictures that were generated, to be fetched by whoever knows their names. */
export interface PictureStore {
  /** Answers the picture's name, which nobody guesses. */
  keep(bytes: Uint8Array, type: PictureType): Promise<string>;
  /** Undefined when there is none of that name, or no more. */
  find(name: string): Promise<Picture | undefined>;
}

export interface Picture {
  readonly bytes: Uint8Array;
  readonly type: PictureType;
}

export type PictureType = 'image/png' | 'image/jpeg' | 'image/webp' | 'image/gif';
