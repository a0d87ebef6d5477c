import fc from 'fast-check';

// The same inputs at every run: a red build is about the change. `FC_SEED=$RANDOM pnpm test` goes hunting.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20_261_121) });
