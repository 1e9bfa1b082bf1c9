# Writes a data set of R as a table: Rscript series.R NAME FILE.csv
#
# All but one are of the package datasets, which every R has. "taylor" is of the package forecast, whose files are enough:
# it need not be loaded.

months <- function(name) list(columns = name, times = function(n, start) {
  format(seq(as.Date(sprintf("%d-01-01", start)), by = "month", length.out = n), "%Y-%m")
})
sets <- list(
  AirPassengers = months("passengers"),
  nottem = months("temperature"),
  sunspots = months("spots"),
  UKgas = list(columns = "gas", times = function(n, start) {
    sprintf("%d-Q%d", start + (seq_len(n) - 1) %/% 4, 1 + (seq_len(n) - 1) %% 4)
  }),
  LakeHuron = list(columns = "level", times = function(n, start) start + seq_len(n) - 1),
  # Business days without their dates.
  EuStockMarkets = list(columns = NULL, times = NULL),
  # Half hours from Monday, 5 June 2000.
  taylor = list(columns = "demand", times = function(n, start) {
    begin <- as.POSIXct("2000-06-05 00:00", tz = "UTC")
    format(seq(begin, by = "30 min", length.out = n), "%Y-%m-%d %H:%M")
  })
)

given <- commandArgs(trailingOnly = TRUE)
name <- given[1]
here <- new.env()
if (name == "taylor") {
  lazyLoad(file.path(find.package("forecast"), "data", "Rdata"), envir = here)
} else {
  data(list = name, package = "datasets", envir = here)
}
series <- get(name, envir = here)
set <- sets[[name]]
table <- as.data.frame(unclass(series))
attributes(table[[1]]) <- NULL
if (!is.null(set$columns)) names(table) <- set$columns
if (!is.null(set$times)) {
  table <- cbind(time = set$times(nrow(table), floor(tsp(series)[1])), table)
}
write.csv(table, given[2], row.names = FALSE, quote = FALSE)
