function "merge-intervals" {
  input {
    object[] intervals {
      schema {
        int start
        int end
      }
    }
  }

  stack {
    var $merged { value = [] }

    foreach ($input.intervals|sort:"start":"int":true) {
      each as $next {
        var $last { value = ($merged|count) - 1 }
        conditional {
          if ($last >= 0 && $next.start <= ($merged|get:$last|get:"end")) {
            conditional {
              if ($next.end > $merged[$last].end) {
                var.update $merged[$last].end { value = $next.end }
              }
            }
          }
          else {
            array.push $merged { value = $next }
          }
        }
      }
    }
  }

  response = $merged
}
