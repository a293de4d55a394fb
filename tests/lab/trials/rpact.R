# Answers of rpact, a line each: name, then numbers. Run by test_rpact_live.py.
suppressPackageStartupMessages(library(rpact))
say <- function(name, ...) cat(name, format(c(...), digits = 15), sep = ",", fill = FALSE, "\n")
looks <- list(c(0.5, 1), c(0.2, 0.7, 1), c(0.25, 0.5, 0.75, 1), c(0.1, 0.3, 0.5, 0.8, 1))
for (k in seq_along(looks)) {
  for (kind in c("asOF", "asP")) {
    d <- getDesignGroupSequential(informationRates = looks[[k]], alpha = 0.025, beta = 0.2, typeOfDesign = kind)
    say(paste0(kind, k), d$criticalValues)
    s <- getSampleSizeMeans(d, alternative = 0.4, stDev = 1, normalApproximation = TRUE)
    say(paste0("size/", kind, k), s$maxNumberOfSubjects, s$expectedNumberOfSubjectsH1)
    p <- getPowerMeans(d, alternative = 0.3, stDev = 1, maxNumberOfSubjects = 300, normalApproximation = TRUE)
    say(paste0("power/", kind, k), p$overallReject, p$expectedNumberOfSubjects)
  }
}
for (delta in c(0, 0.1, 0.25, 0.5)) {
  d <- getDesignGroupSequential(kMax = 4, alpha = 0.025, typeOfDesign = "WT", deltaWT = delta)
  say(paste0("wt", delta), d$criticalValues)
}
say("t", getSampleSizeMeans(alternative = c(0.3, 0.5, 0.8), stDev = 1, alpha = 0.025, beta = 0.1)$nFixed)
say("shares", getSampleSizeRates(pi1 = c(0.5, 0.6), pi2 = 0.3, alpha = 0.025, beta = 0.2)$nFixed)
