/* `fsa-score score`, `findings` and `explain`: what to look at first, and why. */
#ifndef FSA_SCORING_SCORE_COMMAND_H
#define FSA_SCORING_SCORE_COMMAND_H

#include "method/score.h"
#include "text/print.h"

typedef struct FsaScoreCommand {
  const char *case_path;
  FsaScoreOptions options; /* detail_host: of `explain`, the host */
  size_t top;              /* hosts that are shown, findings that are listed; 0 = its default */
  FsaFormat format;
} FsaScoreCommand;

/* Each runs it and prints to standard output. The exit code of the program: 0; 2 when the case or a
 * file that was given cannot be read, or `explain` knows no such host; 3 when the store cannot be
 * asked, or does not hold what the case does. */
int fsa_score(const FsaScoreCommand *command);
int fsa_findings(const FsaScoreCommand *command);
int fsa_explain(const FsaScoreCommand *command);

/* What the three print through. */
typedef struct FsaScoreView {
  const FsaScoreCommand *command;
  const FsaMatrix *matrix;
  const FsaScore *score;
  FsaBuffer out;
} FsaScoreView;

/* Opens the case, scores it, calls `show`, whose exit code it gives. */
int fsa_score_view(const FsaScoreCommand *command, int (*show)(FsaScoreView *view));

/* Parts that several of them print. */
const FsaMatrixHost *fsa_view_host(const FsaScoreView *view, uint32_t host);
void fsa_view_put_group(FsaScoreView *view, uint32_t group);
void fsa_view_put_points(FsaBuffer *out, double weight);
void fsa_view_put_entity_json(FsaScoreView *view, const FsaEntity *entity);
void fsa_view_put_host_json(FsaScoreView *view, const FsaScoredHost *host);

#endif
