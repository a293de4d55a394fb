# lmerTest's answers for a random intercept, a line a set: name, estimate, error, df, both spreads. See test_clusters.py.
suppressPackageStartupMessages(library(lmerTest))
paths <- commandArgs(TRUE)
d <- read.csv(paths[1])
for (k in unique(d$set)) {
  m <- suppressMessages(lmer(y ~ arm + base + (1 | who), d[d$set == k, ]))
  s <- coef(summary(m))["arm", 1:3]
  numbers <- trimws(format(c(s, as.data.frame(VarCorr(m))$sdcor), digits = 12))
  cat(paste(c(k, numbers), collapse = ","), "\n")
}
